package import Bytes
package import Cryptography
package import Format
package import Repository

/// All drills and recoveries of a repository, with the chain verified.
package struct DrillHistory: Sendable {
  /// One record.
  package struct Line: Sendable {
    package let name: Name
    package let record: Record
    /// The restorer that signed.
    package let signer: PublicKey
    /// Whether no other record follows it.
    package let isHead: Bool

    package init(name: Name, record: Record, signer: PublicKey, isHead: Bool) {
      self.name = name
      self.record = record
      self.signer = signer
      self.isHead = isHead
    }
  }

  /// What the records say of one component.
  package struct Component: Sendable {
    package let name: String
    /// Oldest first.
    package let lines: [Line]

    /// The newest record that proves one of its snapshots.
    package var lastProven: Line? { lines.last { $0.record.verdict == .proven } }

    /// The times that proven recoveries took, in nanoseconds, oldest first. One that failed recovered nothing, so its
    /// time is no time to recover; and what a scenario made of one is a time of its own (`statistics`).
    package var recoveryTimes: [UInt64] {
      lines.filter { $0.record.verdict == .proven && ScenarioKey($0.record) == .calm }.map(\.record.ttr.value)
    }

    /// What the records say of each scenario, calm first.
    package var statistics: [DrillStatistics] { DrillStatistics.of(lines.map(\.record)) }

    /// How good past predictions were; nil where there are none.
    package var predictions: PredictionQuality? { PredictionQuality(lines.map(\.record)) }

    /// The mean time to recover, in nanoseconds; nil for fewer than three, which have no mean worth the name.
    package var meanTimeToRecover: UInt64? {
      let times = recoveryTimes
      guard times.count >= 3 else { return nil }
      return UInt64(times.reduce(0.0) { $0 + Double($1) } / Double(times.count))
    }
  }

  /// Oldest first.
  package let lines: [Line]
  /// By name.
  package let components: [Component]
  /// Records that are missing, do not open or verify, are not signed by a restorer, or do not fit the chain.
  package let problems: [Failure]

  /// The records that no other follows. More than one means that drills ended at the same time, which is no problem:
  /// the next one joins them. Who notes them elsewhere can tell later whether the end of the ledger was cut off.
  package var heads: [Name] { lines.filter(\.isHead).map(\.name).sorted() }

  /// Loads and verifies the ledger.
  package static func load(_ access: MetaAccess) throws(Failure) -> DrillHistory {
    DrillHistory(try Ledger.load(access))
  }

  init(_ ledger: Ledger) {
    let heads = Set(ledger.heads)
    lines = ledger.entries.map {
      Line(name: $0.name, record: $0.record, signer: $0.signer, isHead: heads.contains($0.name))
    }
    components = Dictionary(grouping: lines, by: \.record.component)
      .map { Component(name: $0.key, lines: $0.value) }.sorted { $0.name < $1.name }
    problems = ledger.problems.map(\.failure) + DrillHistory.misfits(lines)
  }

  /// Records whose number contradicts their parents: numbers grow along the chain, and only a first record has no
  /// parent.
  private static func misfits(_ lines: [Line]) -> [Failure] {
    let numbers = Dictionary(lines.map { ($0.name, $0.record.number) }) { first, _ in first }
    return lines.compactMap { line in
      let known = line.record.parents.compactMap { numbers[$0] }.max() ?? 0
      let isFirst = line.record.number == 1
      guard line.record.number <= known || isFirst != line.record.parents.isEmpty else { return nil }
      return Failure(
        .damaged,
        "the record \(line.name.hex.prefix(12)) has the number \(line.record.number), which does not follow its parents",
        at: ObjectPath.record(line.name).path, next: "Ask who signed it: \(line.signer.fingerprint).")
    }
  }
}
