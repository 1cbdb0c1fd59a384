import Bytes
import Pipeline

/// `CHECK TABLE … EXTENDED` over all tables of databases, by `mariadb-check`.
struct CheckTableRun {
  let connection: MariaDBConnection
  let databases: [String]

  func run(stop: StopSignal) throws(Failure) -> ServerIntegrity {
    let tool: ChildCommand
    do throws(Failure) {
      tool = try connection.command(.check, ["--check", "--extended", "--databases", "--"] + databases)
    } catch {
      try stop.check()
      return .unmeasured(error.what, remarks: [])
    }
    let result = try Child.run(tool, limit: 64 << 20, stop: stop)
    let errors = connection.redaction.clean(result.errorText)
    let report = CheckReport(connection.redaction.clean(result.text))
    if !report.findings.isEmpty {
      let count = report.findings.count
      return .damaged("CHECK TABLE: \(count) finding\(count == 1 ? "" : "s")", findings: report.findings)
    }
    guard result.exit.succeeded, errors.isEmpty else {
      let complaint = connection.complaint(errors)
      // A server that goes away over the tables that it was loaded with says something of them.
      if complaint.contains("2013") || complaint.contains("2006") {
        return .damaged("the server ended while its tables were checked", findings: [complaint])
      }
      return .unmeasured("mariadb-check ended with \(result.exit)", remarks: [complaint])
    }
    let unchecked = try tables(of: report.unchecked, stop)
    guard unchecked.isEmpty else {
      let count = unchecked.count
      return .unmeasured(
        "\(count) table\(count == 1 ? " has an engine" : "s have engines") without a check", remarks: unchecked)
    }
    guard report.sound > 0 else { return .unmeasured("there is no table to check", remarks: []) }
    return .sound("CHECK TABLE: ok in \(report.sound) table\(report.sound == 1 ? "" : "s")")
  }

  /// Those that hold rows: a sequence is no table, though it is listed as one.
  private func tables(of names: [String], _ stop: StopSignal) throws(Failure) -> [String] {
    if names.isEmpty { return [] }
    let chosen = Set(databases.map { Array($0.utf8) })
    let catalogue = try MariaDBCatalogue.read(connection, stop: stop) { chosen.contains($0) }
    let sequences = catalogue.databases.flatMap { database in
      database.tables.filter { $0.kind == .sequence }.map {
        String(decoding: database.name + [UInt8(ascii: ".")] + $0.name, as: UTF8.self)
      }
    }
    return names.filter { !sequences.contains($0) }
  }
}

/// What `mariadb-check` prints: a table and `OK`, or a table and lines of what is wrong with it.
package struct CheckReport {
  /// Tables that are good.
  package private(set) var sound = 0
  /// `database.table: what is wrong`.
  package private(set) var findings: [String] = []
  /// Tables whose engine has no check.
  package private(set) var unchecked: [String] = []

  /// Reads all that the tool printed.
  package init(_ text: String) {
    var table = ""
    for line in text.split(separator: "\n") {
      let word = line.prefix { $0 != " " }
      let rest = line.drop { $0 != ":" }.dropFirst().drop { $0 == " " }
      switch word.lowercased() {
      case "note" where rest.contains("doesn't support check"): unchecked.append(table)
      // The engine's remarks about tables that are good, and the end of a table's lines.
      case "note", "info", "status": if rest == "OK" { sound += 1 }
      case "error", "warning": findings.append("\(table): \(rest)")
      default:
        if line.hasSuffix(" OK") { sound += 1 } else { table = String(line) }
      }
    }
  }
}
