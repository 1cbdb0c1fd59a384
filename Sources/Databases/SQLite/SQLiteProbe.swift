package import Bytes
import Glibc
package import Pipeline
package import Profiles

/// Looks into a database file that nobody writes: a restored one, or the copy that is about to be stored. Nothing is
/// written, neither to the file nor beside it.
package enum SQLiteProbe {
  /// Lists of columns and of findings fit in this many bytes, or something is wrong.
  private static let listLimit = 256 << 20

  /// Throws `sourceFailed` unless the `sqlite3` command is there and new enough: without it nothing can be said of any
  /// database.
  package static func requireCommand(stop: StopSignal) throws(Failure) { _ = try SQLiteCommand.version(stop: stop) }

  /// What `PRAGMA integrity_check` finds, at most 20 lines; empty if the database is sound.
  ///
  /// - Throws: what prevents the check; a file that is too damaged to be checked is a finding, not an error
  package static func integrityCheck(_ path: String, stop: StopSignal) throws(Failure) -> [String] {
    try requireFile(path)
    let command = SQLiteCommand.make(path, .still, script: Array("PRAGMA integrity_check(20);\n".utf8))
    let child = try Child.start(command, stop: stop)
    var list = LineList(limit: listLimit)
    try LineReader.read(child, into: &list)
    let exit = try child.wait()
    let findings = list.lines.map { String(decoding: $0, as: UTF8.self) }
    if exit.succeeded, findings == ["ok"] { return [] }
    if !exit.succeeded { return findings.filter { $0 != "ok" } + [SQLiteCommand.complaint(child.errorText)] }
    return findings.isEmpty ? ["the integrity check gave no answer"] : findings
  }

  /// The truth about the database: definitions, and per table row count and order-independent checksum.
  ///
  /// - Throws: `sourceFailed` with the reason if a table can't be read
  package static func truth(_ path: String, stop: StopSignal) throws(Failure) -> TruthManifest {
    try requireFile(path)
    return try truth(path, of: try TableColumns.parse(lines(path, TableColumns.query, stop)), stop: stop)
  }

  /// The same of some tables.
  static func truth(_ path: String, of tables: [TableColumns], stop: StopSignal) throws(Failure) -> TruthManifest {
    var script = Array("SELECT '#0';\n".utf8) + TableColumns.schemaStatement
    for (index, table) in tables.enumerated() {
      script += Array("SELECT '#\(index + 1)';\n".utf8) + table.rowStatement
    }
    script += Array("SELECT '#end';\n".utf8)
    let child = try Child.start(SQLiteCommand.make(path, .still, script: script), stop: stop)
    var taker = TruthTaker()
    try LineReader.read(child, into: &taker)
    let exit = try child.wait()
    guard exit.succeeded, taker.isWhole, taker.checksums.count == tables.count + 1 else {
      let name = tables.indices.contains(taker.checksums.count - 2) ? tables[taker.checksums.count - 2].name : []
      let what = name.isEmpty ? "can't read the schema" : "can't read table \(Printable.text(name))"
      throw SQLiteCommand.failure(what, (exit, child.errorText), at: path)
    }
    return TruthManifest(
      engine: "sqlite", schema: taker.checksums[0].value,
      tables: zip(tables, taker.checksums.dropFirst()).map {
        TruthManifest.Table(name: $0.name, rows: $1.count, checksum: $1.value)
      })
  }

  /// What stands between columns where values may hold anything that is printed.
  package static let unitSeparator = "\u{1f}"

  /// The rows that a query gives, each as its columns with a separator between, NULL as nothing.
  ///
  /// - Parameters:
  ///   - path: the database file
  ///   - sql: statements that read; one that writes, attaches, loads or runs anything is refused by SQLite's safe mode
  ///   - separator: `|` or `unitSeparator`
  ///   - timeout: how long it may take
  ///   - limit: the most bytes it may answer
  ///   - stop: the signal of the run
  /// - Throws: `unproven` with sqlite3's words if the query fails or takes too long
  package static func query(
    _ path: String, _ sql: String, separator: String = "|", timeout: Seconds = Seconds(600), limit: Int = 1 << 20,
    stop: StopSignal
  ) throws(Failure) -> [String] {
    try requireFile(path)
    guard !sql.utf8.contains(0), !sql.split(separator: "\n").contains(where: { $0.hasPrefix(".") }) else {
      throw Failure(.unproven, "the query has a line that begins with a dot, which is no SQL", at: path)
    }
    // Rows end with a byte that hardly any text holds, so that a line end inside a value makes no second row.
    let between = separator == "|" ? "|" : "\\037"
    let script = ".separator \"\(between)\" \"\\036\"\nPRAGMA query_only=ON;\n\(sql)\n;\n"
    var command = SQLiteCommand.make(path, .still, script: Array(script.utf8), isSafe: true)
    command.code = .unproven
    let child = try Child.start(command, stop: stop)
    let output = try read(child, limit: limit, timeout: timeout, path, stop)
    let exit = try child.wait()
    guard exit.succeeded else {
      throw Failure(.unproven, "the query failed: \(SQLiteCommand.complaint(child.errorText))", at: path)
    }
    return output.split(separator: 0x1e, omittingEmptySubsequences: false).dropLast().map {
      String(decoding: $0, as: UTF8.self)
    }
  }

  /// Reads a child's whole output before a deadline.
  private static func read(
    _ child: Child, limit: Int, timeout: Seconds, _ path: String, _ stop: StopSignal
  ) throws(Failure) -> [UInt8] {
    let span = UInt64(min(timeout.count, 10_000_000)) * 1_000_000_000
    let deadline = MonotonicClock.awake() + span
    var output: [UInt8] = []
    var part = Buffer(capacity: 65_536)
    while true {
      let now = MonotonicClock.awake()
      let left = deadline > now ? Int32(clamping: (deadline - now) / 1_000_000 + 1) : 0
      var watched = [
        pollfd(fd: child.output, events: Int16(POLLIN), revents: 0),
        pollfd(fd: stop.descriptor, events: Int16(POLLIN), revents: 0),
      ]
      let ready = poll(&watched, 2, left)
      if ready == 0, MonotonicClock.awake() >= deadline {
        child.terminate()
        throw Failure(.unproven, "the query took longer than \(timeout.text)", at: path)
      }
      if ready <= 0 { continue }
      part.count = try part.withCapacity { (room) throws(Failure) in try child.read(into: room) }
      if part.count == 0 { return output }
      part.withBytes { output.append(contentsOf: $0) }
      guard output.count <= limit else {
        child.terminate()
        throw Failure(.unproven, "the query answered more than \(limit) bytes", at: path)
      }
    }
  }

  /// The lines that a statement prints.
  static func lines(_ path: String, _ sql: String, _ stop: StopSignal) throws(Failure) -> [[UInt8]] {
    try lines(path, Array(sql.utf8), stop)
  }

  static func lines(_ path: String, _ script: [UInt8], _ stop: StopSignal) throws(Failure) -> [[UInt8]] {
    let child = try Child.start(SQLiteCommand.make(path, .still, script: script), stop: stop)
    var list = LineList(limit: listLimit)
    try LineReader.read(child, into: &list)
    let exit = try child.wait()
    guard exit.succeeded else {
      throw SQLiteCommand.failure("can't list the tables", (exit, child.errorText), at: path)
    }
    return list.lines
  }

  static func requireFile(_ path: String) throws(Failure) {
    guard access(path, R_OK) == 0 else {
      throw SystemError(call: "open", subject: path, number: errno).failure(.sourceFailed, "can't read the database")
    }
  }
}
