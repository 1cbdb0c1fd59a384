import Bytes
import Pipeline

/// A database as a snapshot has it.
struct DumpedDatabase: Sendable {
  /// The most that the facts may take, in bytes.
  private static let longestFacts = 256 << 20
  private static let aboutName = "about.json"

  let facts: PostgreSQLFacts
  /// Everything but data.
  let schema: ProvidedStream
  /// In the order of the catalogue.
  let data: [ProvidedStream]

  /// Its name when it was dumped.
  var name: String { facts.database.name }

  /// Bytes of its data streams.
  var bytes: UInt64 { data.reduce(0) { $0 + $1.length } }

  /// Reads what the snapshot says of its databases.
  ///
  /// - Throws: `damaged` for what can't be read, `usage` where there is no database in it
  static func all(in provider: any StreamProvider, stop: StopSignal) throws(Failure) -> [DumpedDatabase] {
    var found: [DumpedDatabase] = []
    for stream in provider.streams {
      let parts = String(decoding: stream.name, as: UTF8.self).split(
        separator: "/", omittingEmptySubsequences: false)
      guard parts.count == 2, parts[1] == aboutName else { continue }
      found.append(try DumpedDatabase("\(parts[0])/", stream, provider, stop))
    }
    guard !found.isEmpty else {
      throw Failure(
        .usage, "the snapshot holds no database of PostgreSQL", next: "Restore it to a folder with --to.")
    }
    return found
  }

  private init(
    _ folder: String, _ about: ProvidedStream, _ provider: any StreamProvider, _ stop: StopSignal
  ) throws(Failure) {
    do {
      facts = try PostgreSQLFacts(json: try provider.read(about.name, limit: DumpedDatabase.longestFacts, stop: stop))
    } catch {
      throw error.within(folder + DumpedDatabase.aboutName)
    }
    let prefix = Array(folder.utf8)
    let own = provider.streams.filter { $0.name.starts(with: prefix) }
    guard let schema = own.first(where: { $0.name == prefix + Array("schema.dump".utf8) }) else {
      throw Failure(.damaged, "the snapshot has no schema of the database", at: folder)
    }
    self.schema = schema
    data = own.filter { $0.name.dropFirst(prefix.count).starts(with: Array("data-".utf8)) }
  }

  /// The streams that hold rows of these tables; all of them where nobody knows.
  func streams(holding tables: Set<QualifiedName>) -> [ProvidedStream] {
    let names = facts.tables.filter { tables.contains(QualifiedName($0)) }.compactMap(\.stream)
    let found = data.filter { names.contains($0.name) }
    return found.isEmpty ? data : found
  }
}

typealias QualifiedName = CopyStatement.QualifiedName

extension QualifiedName {
  init(_ table: PostgreSQLFacts.Table) { self.init(schema: table.schema, name: table.name) }

  /// As SQL spells it.
  var sql: [UInt8] { PostgreSQLText.qualified(schema, name) }

  var title: String { Printable.text(schema + [UInt8(ascii: ".")] + name) }
}
