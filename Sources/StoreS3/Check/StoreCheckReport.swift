/// What a check of a store found: values, from which a table, JSON and the verdict are made.
package struct StoreCheckReport: Sendable {
  /// `s3://bucket/prefix`.
  package var store: String
  /// Where requests went.
  package var endpoint: String
  package var region: String
  /// What the store says it is; empty where it does not say.
  package var server = ""
  /// The access key, which is no secret, and where it came from.
  package var accessKey = ""
  package var source = ""
  /// In the order in which it was looked at.
  package var findings: [StoreFinding] = []
  package var rates: [StoreRate] = []
  package var facts = StoreFacts()
  /// Objects that the check wrote and could not remove, and the folder where they lie.
  package var left = 0
  package var folder = ""

  package init(store: String, endpoint: String, region: String) {
    self.store = store
    self.endpoint = endpoint
    self.region = region
  }

  /// What all of it means for lifeboat.
  package var verdicts: [StoreVerdict] { StoreVerdict.all(of: self) }
}

/// One thing that was tried, and what came of it.
package struct StoreFinding: Sendable, Equatable {
  /// What it is about.
  package enum Topic: String, Sendable {
    case access
    case objects
    case integrity
    case writeOnce = "write-once"
    case versions
    case locks
    case rights
  }

  package enum Result: String, Sendable {
    case yes
    case no
    /// It was tried, and the answer does not tell.
    case unclear
    /// It was not tried; the detail says why.
    case untried
  }

  package var topic: Topic
  /// Stable, for programs and people: `replaces nothing when asked not to`.
  package var name: String
  package var result: Result
  package var detail: String

  package init(_ topic: Topic, _ name: String, _ result: Result, _ detail: String = "") {
    self.topic = topic
    self.name = name
    self.result = result
    self.detail = detail
  }
}

/// How fast requests of one kind were.
package struct StoreRate: Sendable, Equatable {
  package enum Kind: String, Sendable {
    case put
    case get
  }

  package var kind: Kind
  /// The size of each object in bytes.
  package var size: Int
  package var threads: Int
  package var count: Int
  /// Nanoseconds for all of them together.
  package var nanoseconds: UInt64
  /// Nanoseconds for the middle one.
  package var median: UInt64

  /// Bytes a second.
  package var throughput: Double {
    nanoseconds == 0 ? 0 : Double(size) * Double(count) * 1e9 / Double(nanoseconds)
  }
}

/// What is known after a check, for the verdict; nil is not known.
package struct StoreFacts: Sendable, Equatable {
  /// Nanoseconds that the store's clock is ahead of this host's, to the second.
  package var skew: Int64?
  /// Requests leave this host unencrypted.
  package var isExposed = false
  // What the store does.
  package var readsAfterPut: Bool?
  package var listsAfterPut: Bool?
  package var listsEverything: Bool?
  package var readsRanges: Bool?
  package var checksDigest: Bool?
  package var checksMD5: Bool?
  package var refusesReplacing: Bool?
  /// How many of those succeeded that put one path at the same time.
  package var raceWinners: Int?
  package var keepsVersions: Bool?
  package var locks: Bool?
  /// How the bucket locks what comes without a lock: then a version that cannot be deleted says nothing of rights.
  package var defaultLock: S3Lock.Mode?
  package var complianceHolds: Bool?
  // What the credentials may do.
  package var mayPut: Bool?
  package var mayGet: Bool?
  /// By the name of a version, which is a right of its own.
  package var mayGetVersions: Bool?
  /// Change who may read an object that they put.
  package var mayChangeAccess: Bool?
  package var mayList: Bool?
  package var mayOverwrite: Bool?
  package var mayDelete: Bool?
  package var mayDeleteVersions: Bool?
  package var mayReadVersions: Bool?
  package var mayLock: Bool?
  package var mayShorten: Bool?
  package var mayBypass: Bool?

  package init() {}
}
