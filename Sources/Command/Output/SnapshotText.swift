import Bytes
import Cryptography
import Engine
import Format
import Pipeline
import Profiles
import Repository

/// Snapshots as people and programs see them.
enum SnapshotText {
  /// One row a snapshot.
  static func table(_ snapshots: [ListedSnapshot], _ ledger: Ledger) -> [String] {
    var table = Table([
      ("TIME", .left), ("COMPONENT", .left), ("WRITER", .left), ("SEQ", .right), ("VERDICT", .left), ("SIZE", .right),
      ("NEW", .right), ("PROVEN", .left), ("SNAPSHOT", .left),
    ])
    for listed in snapshots {
      let snapshot = listed.snapshot
      table.add([
        LocalTime.text(snapshot.finished.value), snapshot.component, writer(listed), "\(snapshot.sequence)",
        verdict(listed), ByteCount(snapshot.statistics.bytes).rounded,
        ByteCount(snapshot.statistics.newBytes).rounded, ledger.isProven(listed.name) ? "yes" : "-",
        String(listed.name.hex.prefix(12)),
      ])
    }
    return table.lines
  }

  /// The fields of a JSON object.
  static func fields(_ listed: ListedSnapshot, _ ledger: Ledger) -> [(String, JSONText)] {
    let snapshot = listed.snapshot
    return [
      ("id", .text(listed.name.hex)), ("component", .text(snapshot.component)), ("writer", .text(listed.writer.id.hex)),
      ("label", .text(listed.writer.enrolment.label)), ("writerKey", .text(listed.writer.enrolment.sign.hex)),
      ("sequence", .count(snapshot.sequence)), ("started", .time(snapshot.started.value)),
      ("finished", .time(snapshot.finished.value)), ("verdict", .text(snapshot.verdict.rawValue)),
      ("reasons", .list(snapshot.reasons.map { .text($0) })), ("accepted", acceptanceFields(listed)),
      ("bytes", .count(snapshot.statistics.bytes)),
      ("newBytes", .count(snapshot.statistics.newBytes)), ("storedBytes", .count(snapshot.statistics.storedBytes)),
      ("streams", .count(snapshot.catalogue.streams)), ("proven", .truth(ledger.isProven(listed.name))),
    ]
  }

  /// The verdict for people: also what became of it later.
  static func verdict(_ listed: ListedSnapshot) -> String {
    listed.acceptance == nil ? listed.snapshot.verdict.rawValue : "accepted"
  }

  /// Who accepted a quarantined snapshot, when and why.
  static func acceptance(_ entry: AnnotationEntry) -> String {
    "accepted by \(entry.role.rawValue) \(entry.signer.fingerprint) at \(LocalTime.text(entry.header.time)) "
      + "because: \(SafeText.line(entry.annotation.reason))"
  }

  /// The same as a JSON object with `role`, `key`, `at`, `reason`, `annotation` (its id); null where nobody did.
  static func acceptanceFields(_ listed: ListedSnapshot) -> JSONText {
    guard let entry = listed.acceptance else { return .nothing }
    return .object([
      ("role", .text(entry.role.rawValue)), ("key", .text(entry.signer.hex)), ("at", .time(entry.header.time)),
      ("reason", .text(entry.annotation.reason)), ("annotation", .text(entry.name.hex)),
    ])
  }

  /// The writer for people: the beginning of its id, and its label.
  static func writer(_ listed: ListedSnapshot) -> String {
    let label = SafeText.line(listed.writer.enrolment.label)
    return label.isEmpty ? "\(listed.writer.id.hex.prefix(8))" : "\(listed.writer.id.hex.prefix(8)) \(label)"
  }

  /// Where a restore takes its data from, in one sentence part.
  static func origin(_ listed: ListedSnapshot) -> String {
    let age = WallClock.now() &- min(listed.snapshot.finished.value, WallClock.now())
    return "snapshot \(listed.name.hex.prefix(12)) of \(LocalTime.text(listed.snapshot.finished.value)) "
      + "(\(Duration.text(age)) old), sequence \(listed.snapshot.sequence), writer \(writer(listed)), "
      + "key \(listed.writer.enrolment.sign.fingerprint)"
      + (listed.acceptance.map { ", once quarantined, \(acceptance($0))" } ?? "")
  }
}
