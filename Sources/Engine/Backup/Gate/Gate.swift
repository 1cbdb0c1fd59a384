import Databases
import Format
import Glibc
import Profiles

/// Compares a dump with the component's own history: what is missing from it, though every tool said that all was well.
struct Gate {
  /// Counts below that say nothing by a share: a table of three rows may lose one.
  private static let fewestRows: UInt64 = 100

  let settings: GateSettings
  let history: GateHistory

  /// What the bands object to, each with the figures; empty for a dump that may pass.
  func objections(to reading: GateReading) -> [String] {
    guard !history.runs.isEmpty else { return [] }
    var found = FewObjections()
    found.add(objection(to: reading.bytes, history.runs.map(\.bytes), settings.size, "size", of: "bytes of the dump"))
    guard let tables = counted(reading) else {
      if settings.vanish == .refuse, let last = history.runs.last.flatMap(counted), !last.isEmpty {
        found.add("no table was counted, and there were \(last.count) before (gate.tables)")
      }
      return found.all
    }
    let rows = history.runs.compactMap { counted($0).map(Gate.sum) }
    if Gate.median(rows) >= Gate.fewestRows {
      found.add(objection(to: Gate.sum(tables), rows, settings.rows, "rows", of: "rows in all tables"))
    }
    compare(tables, &found)
    return found.all
  }

  private func compare(_ tables: [GateReading.Table], _ found: inout FewObjections) {
    let now = Dictionary(tables.map { ($0.name, $0.rows) }) { first, _ in first }
    var before: [Base64: [UInt64]] = [:]
    for run in history.runs { for table in run.tables ?? [] { before[table.name, default: []].append(table.rows) } }
    // The last run decides which tables there are: one that went away earlier was let go.
    for table in history.runs.last.flatMap(counted) ?? [] {
      let name = DisplayText.of(table.name.bytes)
      guard let rows = now[table.name] else {
        if settings.vanish == .refuse {
          found.add("table \(name) vanished: it had \(table.rows) rows (gate.tables)")
        }
        continue
      }
      let earlier = before[table.name] ?? []
      guard Gate.median(earlier) >= Gate.fewestRows else { continue }
      found.add(objection(to: rows, earlier, settings.rows, "rows", of: "rows in table \(name)"))
    }
  }

  /// The tables that mean something; nil where nobody counted.
  private func counted(_ reading: GateReading) -> [GateReading.Table]? {
    guard !settings.ignore.isEmpty else { return reading.tables }
    return reading.tables?.filter { table in !settings.ignore.contains { Gate.matches(table.name.bytes, $0) } }
  }

  private static func matches(_ name: [UInt8], _ glob: String) -> Bool {
    (name + [0]).withUnsafeBytes { fnmatch(glob, $0.bindMemory(to: CChar.self).baseAddress!, 0) == 0 }
  }

  private func objection(
    to now: UInt64, _ earlier: [UInt64], _ band: GateSettings.Band, _ name: String, of what: String
  ) -> String? {
    let median = Gate.median(earlier)
    guard median > 0 else { return nil }
    let share = (Double(now) - Double(median)) / Double(median)
    let isBelow = band.shrink.map { share < -$0 } ?? false
    let isAbove = band.grow.map { share > $0 } ?? false
    guard isBelow || isAbove, let limit = isBelow ? band.shrink : band.grow else { return nil }
    let runs = earlier.count == 1 ? "the last run" : "the median of the last \(earlier.count) runs"
    return "\(what): \(median) → \(now), \(isBelow ? "less" : "more") than \(runs) by \(Gate.percent(abs(share))), "
      + "and the band gate.\(name).\(isBelow ? "shrink" : "grow") is \(Gate.percent(limit))"
  }

  private static func percent(_ share: Double) -> String { "\(Int64(min((share * 100).rounded(), 1e15))) %" }

  private static func sum(_ tables: [GateReading.Table]) -> UInt64 { tables.reduce(0) { $0 &+ $1.rows } }

  /// The lower one of two in the middle; zero of nothing.
  private static func median(_ values: [UInt64]) -> UInt64 {
    values.isEmpty ? 0 : values.sorted()[(values.count - 1) / 2]
  }
}

/// Objections that may come by the thousand: the first are kept, the others counted.
private struct FewObjections {
  private static let limit = 20
  private var kept: [String] = []
  private var dropped = 0

  mutating func add(_ objection: String?) {
    guard let objection else { return }
    if kept.count < FewObjections.limit { kept.append(objection) } else { dropped += 1 }
  }

  var all: [String] { dropped == 0 ? kept : kept + ["and \(dropped) more"] }
}
