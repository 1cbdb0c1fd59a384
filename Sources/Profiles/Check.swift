/// One check of a drill.
package enum Check: Sendable, Equatable {
  /// The engine's own integrity check of the restored database.
  case integrity
  /// The truth manifest of the snapshot, compared with the restored data.
  case manifest(ManifestCheck)
  /// A query of the person's own.
  case query(QueryCheck)
  /// A row that was written shortly before the backup.
  case canary(CanaryCheck)
  /// A program of the person's own.
  case program(ProgramCheck)

  /// The name under which the check stands on the record; names differ within a drill.
  package var name: String {
    switch self {
    case .integrity: "integrity"
    case .manifest: "manifest"
    case .query(let check): check.name
    case .canary(let check): check.name
    case .program(let check): check.name
    }
  }

  /// Whether the check looks at the restored data itself. A program counts only where its file says so: nobody else
  /// can know what it does.
  package var looksAtData: Bool {
    switch self {
    case .integrity, .manifest, .query, .canary: true
    case .program(let check): check.looksAtData
    }
  }
}

/// How much of the manifest is compared.
package struct ManifestCheck: Sendable, Equatable {
  /// The share of the tables that is read, from 0 to 1, drawn by the seed; nil reads all of them.
  package var sample: Double?
  /// Nil draws one, which the record says.
  package var seed: UInt64?

  package init(sample: Double? = nil, seed: UInt64? = nil) {
    self.sample = sample
    self.seed = seed
  }
}

/// A row that somebody writes before each backup, `hooks.before` of the profile for one: that it came back shows that
/// the backup is of the database that it should be of, and of that moment.
package struct CanaryCheck: Sendable, Equatable {
  /// The name on the record.
  package var name: String
  /// The restored database, where there is more than one.
  package var database: String?
  /// A query that gives the moment at which the newest canary was written.
  package var query: String
  /// How long before the start of the dump that may be, at most; a later moment fails, too.
  package var within: Seconds

  package init(name: String, database: String? = nil, query: String, within: Seconds) {
    self.name = name
    self.database = database
    self.query = query
    self.within = within
  }
}

/// The query that gives the moment at which the newest row was committed.
package struct NewestRow: Sendable, Equatable {
  /// The restored database, where there is more than one.
  package var database: String?
  package var query: String

  package init(database: String? = nil, query: String) {
    self.database = database
    self.query = query
  }
}

/// A query against a restored database, with the answer it must give.
package struct QueryCheck: Sendable, Equatable {
  /// The name on the record.
  package var name: String
  /// The restored database, a file or one of a server's, where there is more than one.
  package var database: String?
  /// The SQL, or command of Redis; one statement that reads.
  package var query: String
  /// The answer it must give.
  package var expectation: Expectation

  package init(name: String, database: String? = nil, query: String, expectation: Expectation) {
    self.name = name
    self.database = database
    self.query = query
    self.expectation = expectation
  }
}

/// A program that exits 0 where the restored data is good; it finds the folder in `LIFEBOAT_RESTORED`.
package struct ProgramCheck: Sendable, Equatable {
  /// The name on the record.
  package var name: String
  /// Program and arguments.
  package var command: [String]
  /// Whether it looks at the restored data.
  package var looksAtData: Bool
  /// How long it may take; nil means as long as it likes.
  package var timeout: Seconds?

  package init(name: String, command: [String], looksAtData: Bool = false, timeout: Seconds? = nil) {
    self.name = name
    self.command = command
    self.looksAtData = looksAtData
    self.timeout = timeout
  }
}

/// Reads the `checks` of a drill.
struct CheckReader {
  static func read(_ field: Field) -> [Check] {
    guard let items = field.items("a list of checks") else { return [] }
    var checks: [Check] = []
    for (index, item) in items.enumerated() {
      guard let check = read(item, number: index + 1) else { continue }
      if checks.contains(where: { $0.name == check.name }) {
        item.problem("a second check with the name \(check.name)")
      }
      checks.append(check)
    }
    if checks.count == items.count, !checks.contains(where: \.looksAtData) {
      field.problem(
        "at least one check must look at the data: integrity, manifest, sql, canary, or run with looks-at-data: true")
    }
    return checks
  }

  private static func read(_ item: Field, number: Int) -> Check? {
    if case .scalar = item.node.content, !item.node.isNothing {
      return item.choice([("integrity", .integrity), ("manifest", .manifest(ManifestCheck()))])
    }
    let expected = "exactly one of manifest, sql, canary or run is expected"
    guard let section = item.section("integrity, manifest, sql: {…}, canary: {…} or run: {…}") else { return nil }
    let check: Check? = section.exactlyOne(
      [
        (
          "manifest", "how much of the manifest is compared",
          { $0.section().flatMap { manifest($0) }.map { .manifest($0) } }
        ),
        ("sql", "a query and its answer", { $0.section().flatMap { query($0, number: number) }.map { .query($0) } }),
        (
          "canary", "a row that is written before each backup",
          { $0.section().flatMap { canary($0, number: number) }.map { .canary($0) } }
        ),
        ("run", "a program", { $0.section().flatMap { program($0, number: number) }.map { .program($0) } }),
      ], expected)
    section.end()
    return check
  }

  private static func manifest(_ section: Section) -> ManifestCheck? {
    let sample = section.required("sample", "the share of the tables that is read, such as 10%,")?.sampleShare()
    var seed: Int??
    if let field = section.field("seed", "the same seed draws the same tables") { seed = field.integer(0...Int.max) }
    section.end()
    guard let sample, seed != .some(nil) else { return nil }
    return ManifestCheck(sample: sample, seed: (seed ?? nil).map { UInt64($0) })
  }

  private static func canary(_ section: Section, number: Int) -> CanaryCheck? {
    let name = section.field("name").map { $0.checkName() } ?? "canary \(number)"
    let database = section.field("database")?.text("the name of a restored database")
    let query = section.required("query", "a statement that gives the newest canary's moment")?
      .text("a statement that reads")
    let within = section.required("within", "how long before the dump it was written at most, such as 15m,")?.seconds()
    section.end()
    guard let name, let query, let within else { return nil }
    return CanaryCheck(name: name, database: database, query: query, within: within)
  }

  private static func query(_ section: Section, number: Int) -> QueryCheck? {
    let name = section.field("name").map { $0.checkName() } ?? "sql \(number)"
    let database = section.field("database")?.text("the name of a restored file or database")
    let query = section.required("query", "a statement that reads")?.text("a statement that reads")
    let expectation = Expectation.read(section)
    section.end()
    guard let name, let query, let expectation else { return nil }
    return QueryCheck(name: name, database: database, query: query, expectation: expectation)
  }

  private static func program(_ section: Section, number: Int) -> ProgramCheck? {
    let name = section.field("name").map { $0.checkName() } ?? "run \(number)"
    let command = section.required("command", "a program and its arguments").flatMap { SourceReader.program($0) }
    let looksAtData = section.field("looks-at-data").map { $0.truth() } ?? false
    let timeout = section.field("timeout")?.seconds()
    section.end()
    guard let name, let command, let looksAtData else { return nil }
    return ProgramCheck(name: name, command: command, looksAtData: looksAtData, timeout: timeout)
  }
}

/// Reads `newest-row`.
struct NewestRowReader {
  static func read(_ field: Field) -> NewestRow? {
    guard let section = field.section() else { return nil }
    let database = section.field("database")?.text("the name of a restored database")
    let query = section.required("query", "a statement that gives a moment")?.text("a statement that gives a moment")
    section.end()
    return query.map { NewestRow(database: database, query: $0) }
  }
}

extension Field {
  /// A percentage as a share of more than nothing.
  fileprivate func sampleShare() -> Double? {
    value(
      "a percentage above 0% and up to 100%, such as 10%", shown: { GateReader.percent($0) }, pattern: .percent
    ) { text in
      guard text.hasSuffix("%") else { return nil }
      // `10 %` is as good as `10%`.
      let digits = text.dropLast().hasSuffix(" ") ? text.dropLast(2) : text.dropLast()
      guard digits.utf8.allSatisfy({ (0x30...0x39).contains($0) || $0 == 0x2e }), let number = Double(digits),
        number > 0, number <= 100
      else { return nil }
      return number / 100
    }
  }

  /// A name that fits on one line of a record.
  fileprivate func checkName() -> String? {
    value("a name of at most 80 letters on one line", shown: { $0 }) { text in
      text.count <= 80 && !text.contains(where: { $0.isNewline || $0 == "\t" }) ? text : nil
    }
  }
}
