package import Bytes
package import Cryptography

/// The signed outcome of a drill or a real recovery (FORMAT.md, section 9).
package struct Record: Codable, Equatable, Sendable {
  package enum Sort: String, Codable, Sendable {
    case drill
    case recovery
  }

  package enum Verdict: String, Codable, Sendable {
    /// Every check passed and at least one of them looked at the data.
    case proven
    case failed
    /// Nothing failed, but something was not measured.
    case inconclusive
  }

  package struct Check: Codable, Equatable, Sendable {
    package enum Outcome: String, Codable, Sendable {
      case pass
      case fail
      case skipped
      case unmeasured
    }

    package let name: String
    package let outcome: Outcome
    package let detail: String
    package let looksAtData: Bool

    package init(name: String, outcome: Outcome, detail: String, looksAtData: Bool) {
      self.name = name
      self.outcome = outcome
      self.detail = detail
      self.looksAtData = looksAtData
    }
  }

  package struct Phase: Codable, Equatable, Sendable {
    package let name: String
    package let nanoseconds: WideInteger
    /// Bytes that were read from the store while it went on; nil where nobody counted.
    package let bytes: UInt64?
    package let requests: UInt64?
    package let retries: UInt64?

    package init(
      name: String, nanoseconds: UInt64, bytes: UInt64? = nil, requests: UInt64? = nil, retries: UInt64? = nil
    ) {
      self.name = name
      self.nanoseconds = WideInteger(nanoseconds)
      self.bytes = bytes
      self.requests = requests
      self.retries = retries
    }
  }

  /// A phase as it was: spans overlap where the work did.
  package struct Span: Codable, Equatable, Sendable {
    package let name: String
    /// Nanoseconds since the declaration.
    package let start: WideInteger
    package let end: WideInteger
    /// Whether a person was waited for.
    package let isHuman: Bool
    package let bytes: UInt64?
    package let requests: UInt64?
    package let retries: UInt64?

    package init(
      name: String, start: UInt64, end: UInt64, isHuman: Bool = false, bytes: UInt64? = nil, requests: UInt64? = nil,
      retries: UInt64? = nil
    ) {
      self.name = name
      self.start = WideInteger(start)
      self.end = WideInteger(end)
      self.isHuman = isHuman
      self.bytes = bytes
      self.requests = requests
      self.retries = retries
    }
  }

  /// What was done to a recovery while it ran, and how it came through.
  package struct Scenario: Codable, Equatable, Sendable {
    package enum Outcome: String, Codable, Sendable {
      /// lifeboat came through by itself.
      case automatic
      /// Somebody had to do what the runbook says: `steps`.
      case runbook
      case failed
    }

    /// One kind of fault.
    package struct Fault: Codable, Equatable, Sendable {
      /// Its word in drill files: `throttling`.
      package let kind: String
      /// Its settings, in words.
      package let detail: String
      /// How often it really happened.
      package let fired: UInt64

      package init(kind: String, detail: String, fired: UInt64) {
        self.kind = kind
        self.detail = detail
        self.fired = fired
      }
    }

    package let seed: UInt64
    package let faults: [Fault]
    package let outcome: Outcome
    /// What the runbook had done, in order.
    package let steps: [String]

    package init(seed: UInt64, faults: [Fault], outcome: Outcome, steps: [String]) {
      self.seed = seed
      self.faults = faults
      self.outcome = outcome
      self.steps = steps
    }

    /// Whether every fault really happened: a scenario of which one did not tested something else.
    package var hasHappened: Bool { faults.allSatisfy { $0.fired > 0 } }
  }

  /// What was said of the time to recover before the recovery began, in nanoseconds.
  package struct Prediction: Codable, Equatable, Sendable {
    package let ttr: WideInteger
    /// The interval in which four of five recoveries are expected.
    package let low: WideInteger
    package let high: WideInteger
    /// How many records it was made from.
    package let records: UInt64

    package init(ttr: UInt64, low: UInt64, high: UInt64, records: UInt64) {
      self.ttr = WideInteger(ttr)
      self.low = WideInteger(low)
      self.high = WideInteger(high)
      self.records = records
    }
  }

  /// What a record says beside the bare outcome. A record of an earlier version has none of it.
  package struct Particulars: Codable, Equatable, Sendable {
    /// The engine of the dump: `postgresql`.
    package var engine: String?
    /// What was restored to: `scratch postgresql 15.14`; never a path or a host.
    package var target: String?
    /// How it was seen that the target is gone.
    package var destroyed: String?
    /// Where the data came from: `primary`, or which of the copies, counted from 1: `copy 1`.
    package var origin: String?
    /// Where the age of the data is from: `data`, a query's newest row, or `snapshot`, the start of the dump.
    package var dataAgeFrom: String?
    /// The schedule that the drill declared, and the zone of the host, in seconds east of UTC.
    package var schedule: String?
    package var zone: Int64?
    package var scenario: Scenario?
    package var prediction: Prediction?
    package var spans: [Span]?
    /// The SHA-256 of the body of each parent, in the order of `parents`: links that can be followed without opening
    /// what is sealed.
    package var parentBodies: [Name]?
    /// Usable cores and bytes of memory of the machine that recovered.
    package var cores: UInt64?
    package var memory: UInt64?

    package init() {}
  }

  package var sort: Sort
  package var drill: String
  package var component: String
  package var snapshot: Name
  package var writer: Identifier
  package var writerKey: PublicKey
  package var sequence: UInt64
  package var parents: [Name]
  package var number: UInt64
  package var started: WideInteger
  package var verdict: Verdict
  package var checks: [Check]
  package var phases: [Phase]
  /// Nanoseconds from the declaration to the last check.
  package var ttr: WideInteger
  package var rto: WideInteger?
  package var rpo: WideInteger?
  /// Nanoseconds between the newest state in the snapshot and the declaration.
  package var dataAge: WideInteger?
  package var bytes: UInt64
  package var tool: String
  package var particulars: Particulars?

  package init(
    sort: Sort, drill: String, component: String, snapshot: Name, writer: Identifier, writerKey: PublicKey,
    sequence: UInt64, parents: [Name], number: UInt64, started: UInt64, verdict: Verdict, checks: [Check],
    phases: [Phase], ttr: UInt64, rto: UInt64?, rpo: UInt64?, dataAge: UInt64?, bytes: UInt64, tool: String,
    particulars: Particulars? = nil
  ) {
    self.sort = sort
    self.drill = drill
    self.component = component
    self.snapshot = snapshot
    self.writer = writer
    self.writerKey = writerKey
    self.sequence = sequence
    self.parents = parents
    self.number = number
    self.started = WideInteger(started)
    self.verdict = verdict
    self.checks = checks
    self.phases = phases
    self.ttr = WideInteger(ttr)
    self.rto = rto.map { WideInteger($0) }
    self.rpo = rpo.map { WideInteger($0) }
    self.dataAge = dataAge.map { WideInteger($0) }
    self.bytes = bytes
    self.tool = tool
    self.particulars = particulars
  }

  /// The body of the record's envelope.
  package var body: [UInt8] { JSONBody.encode(self) }

  /// Reads a body and refuses a record that contradicts itself: a `proven` with a check that did not pass, or
  /// phases that do not sum to the total.
  package init(body: [UInt8]) throws(Failure) {
    self = try JSONBody.decode(Record.self, from: body, of: "record")
    var sum: UInt64 = 0
    var isOverflown = false
    for phase in phases {
      let (next, overflow) = sum.addingReportingOverflow(phase.nanoseconds.value)
      sum = next
      isOverflown = isOverflown || overflow
    }
    guard sum == ttr.value, !isOverflown else {
      throw Failure(.damaged, "record is malformed: phases do not sum to ttr")
    }
    let scenario = particulars?.scenario
    guard verdict != .proven || scenario.map({ $0.hasHappened && $0.outcome != .failed }) ?? true else {
      throw Failure(.damaged, "record is malformed: proven, but its scenario did not happen or was not survived")
    }
    guard (particulars?.parentBodies?.count ?? parents.count) == parents.count else {
      throw Failure(.damaged, "record is malformed: not one body a parent")
    }
    guard particulars?.spans?.allSatisfy({ $0.start.value <= $0.end.value && $0.end.value <= ttr.value }) ?? true else {
      throw Failure(.damaged, "record is malformed: a span outside of the recovery")
    }
    let allPassed = checks.allSatisfy { $0.outcome == .pass } && checks.contains(where: \.looksAtData)
    guard verdict != .proven || allPassed else {
      throw Failure(.damaged, "record is malformed: proven, but not every check passed")
    }
  }
}
