/// What happens to a recovery while it is rehearsed. The same seed does the same.
package struct Scenario: Sendable, Equatable {
  package var seed: UInt64
  package var faults: [DrillFault]

  package init(seed: UInt64 = 1, faults: [DrillFault]) {
    self.seed = seed
    self.faults = faults
  }
}

/// One kind of fault. Shares are from 0 to 1.
package enum DrillFault: Sendable, Equatable {
  /// This share of the store's calls is refused with `503 SlowDown`, in storms.
  case throttling(share: Double)
  /// Every call takes so much longer, in milliseconds, and so many bytes come a second.
  case slowStore(latency: UInt64, bandwidth: ByteCount?)
  /// This share of the calls breaks off half-way.
  case resets(share: Double)
  /// So many calls hang for so long before they break off.
  case stalls(count: Int, Seconds)
  /// Credentials expire when this share of the data is there.
  case expiredCredentials(after: Double)
  /// A pack that the snapshot needs comes with a byte changed.
  case corruptPack
  /// The newest pack that the snapshot needs is gone.
  case missingPack
  /// Nothing that this host remembers is used.
  case coldCache
  /// The server that is loaded is killed when this share of the data is there.
  case targetKilled(after: Double)
  /// The target's disk is full when this share of the data is there. Needs root.
  case targetFull(after: Double)
  /// The store does not answer; what is left are its copies.
  case storeLost
  /// Only the recovery kit is there: the commands of its page, no profile, cache or configuration; in `root`, a folder
  /// with a system of its own, where there is one.
  case bareHost(root: String?)
  /// Only the independent reader is there: `rescue.py`.
  case coldTool
  /// The newest snapshots, so many of them, do not come back.
  case badSnapshots(count: Int)

  /// Its word in drill files and records.
  package var kind: String {
    switch self {
    case .throttling: "throttling"
    case .slowStore: "slow-store"
    case .resets: "resets"
    case .stalls: "stalls"
    case .expiredCredentials: "expired-credentials"
    case .corruptPack: "corrupt-pack"
    case .missingPack: "missing-pack"
    case .coldCache: "cold-cache"
    case .targetKilled: "target-killed"
    case .targetFull: "target-full"
    case .storeLost: "store-lost"
    case .bareHost: "bare-host"
    case .coldTool: "cold-tool"
    case .badSnapshots: "bad-snapshots"
    }
  }
}

extension DrillFault {
  /// Its settings, in words, for records and people; empty where there are none.
  package var detail: String {
    switch self {
    case .throttling(let share): "\(DrillFault.percent(share)) of the calls, in storms"
    case .slowStore(let latency, let bandwidth):
      "\(latency) ms a call" + (bandwidth.map { ", \($0.text) a second" } ?? "")
    case .resets(let share): "\(DrillFault.percent(share)) of the calls"
    case .stalls(let count, let span): "\(count) of \(span.text)"
    case .expiredCredentials(let share), .targetKilled(let share), .targetFull(let share):
      "after \(DrillFault.percent(share)) of the data"
    case .bareHost(let root): "the rescue kit alone" + (root == nil ? "" : ", in a system of its own")
    case .coldTool: "rescue.py alone"
    case .corruptPack: "a byte of one that is needed"
    case .missingPack: "the newest that is needed"
    case .coldCache: "nothing that this host remembers"
    case .storeLost: "copies alone"
    case .badSnapshots(let count): count == 1 ? "the newest" : "the newest \(count)"
    }
  }

  /// `30 %`.
  static func percent(_ share: Double) -> String {
    let tenths = Int64((share * 1_000).rounded())
    return tenths % 10 == 0 ? "\(tenths / 10) %" : "\(tenths / 10).\(tenths % 10) %"
  }

  /// Whether the recovery is run by the commands of the rescue kit, and not by this process.
  package var isKit: Bool {
    switch self {
    case .bareHost, .coldTool: true
    default: false
    }
  }
}
