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

    package init(name: String, nanoseconds: UInt64) {
      self.name = name
      self.nanoseconds = WideInteger(nanoseconds)
    }
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

  package init(
    sort: Sort, drill: String, component: String, snapshot: Name, writer: Identifier, writerKey: PublicKey,
    sequence: UInt64, parents: [Name], number: UInt64, started: UInt64, verdict: Verdict, checks: [Check],
    phases: [Phase], ttr: UInt64, rto: UInt64?, rpo: UInt64?, dataAge: UInt64?, bytes: UInt64, tool: String
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
    let allPassed = checks.allSatisfy { $0.outcome == .pass } && checks.contains(where: \.looksAtData)
    guard verdict != .proven || allPassed else {
      throw Failure(.damaged, "record is malformed: proven, but not every check passed")
    }
  }
}
