package import Bytes

/// What one run produced: the only commit point (FORMAT.md, section 9).
package struct Snapshot: Codable, Equatable, Sendable {
  /// Whether the gate let the dump pass.
  package enum Verdict: String, Codable, Sendable {
    case complete
    case quarantined
  }

  /// What was backed up, as its own tool calls it.
  package struct Engine: Codable, Equatable, Sendable {
    package let kind: String
    package let version: String
    package let identity: String

    package init(kind: String, version: String, identity: String) {
      self.kind = kind
      self.version = version
      self.identity = identity
    }
  }

  /// The root of the catalogue.
  package struct Catalogue: Codable, Equatable, Sendable {
    package let level: UInt8
    package let name: Name
    package let length: UInt64
    package let streams: UInt64

    package init(level: UInt8, name: Name, length: UInt64, streams: UInt64) {
      self.level = level
      self.name = name
      self.length = length
      self.streams = streams
    }
  }

  /// A session key with its wrap, as directories repeat it.
  package struct Key: Codable, Equatable, Sendable {
    package let kind: UInt8
    package let epoch: UInt32
    package let id: Name
    package let wrap: Base64

    package init(_ key: DirectoryKey) {
      kind = key.kind.rawValue
      epoch = key.epoch
      id = key.id
      wrap = Base64(key.wrap)
    }
  }

  /// What the run moved, in bytes and chunks.
  package struct Statistics: Codable, Equatable, Sendable {
    package var bytes: UInt64 = 0
    package var newBytes: UInt64 = 0
    package var storedBytes: UInt64 = 0
    package var chunks: UInt64 = 0
    package var newChunks: UInt64 = 0

    package init() {}
  }

  package var installation: Identifier
  package var sequence: UInt64
  package var parents: [Name]
  package var authority: Name
  package var enrolment: Name
  package var component: String
  package var started: WideInteger
  package var finished: WideInteger
  package var epoch: UInt32
  package var verdict: Verdict
  package var reasons: [String]
  package var engine: Engine
  /// The effective profile as JSON text: what to restore and how, without secrets.
  package var profile: String
  package var catalogue: Catalogue
  package var index: [Name]
  package var keys: [Key]
  /// An age file to data recipients: the truth manifest as JSON.
  package var sealed: Base64
  package var statistics: Statistics

  package init(
    installation: Identifier, sequence: UInt64, parents: [Name], authority: Name, enrolment: Name, component: String,
    started: UInt64, finished: UInt64, epoch: UInt32, verdict: Verdict, reasons: [String], engine: Engine,
    profile: String, catalogue: Catalogue, index: [Name], keys: [Key], sealed: Base64, statistics: Statistics
  ) {
    self.installation = installation
    self.sequence = sequence
    self.parents = parents
    self.authority = authority
    self.enrolment = enrolment
    self.component = component
    self.started = WideInteger(started)
    self.finished = WideInteger(finished)
    self.epoch = epoch
    self.verdict = verdict
    self.reasons = reasons
    self.engine = engine
    self.profile = profile
    self.catalogue = catalogue
    self.index = index
    self.keys = keys
    self.sealed = sealed
    self.statistics = statistics
  }

  /// The body of the snapshot's envelope.
  package var body: [UInt8] { JSONBody.encode(self) }

  /// Reads a body.
  package init(body: [UInt8]) throws(Failure) {
    self = try JSONBody.decode(Snapshot.self, from: body, of: "snapshot")
    guard Limits.isComponentName(component), sequence > 0 else {
      throw Failure(.damaged, "snapshot is malformed: field component or sequence")
    }
    guard catalogue.level <= Limits.listLevel, (catalogue.level == 0) == (catalogue.streams == 0) else {
      throw Failure(.damaged, "snapshot is malformed: field catalogue")
    }
  }
}
