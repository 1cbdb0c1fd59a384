import Bytes
import FoundationEssentials
import Profiles

/// What whoever restores a dump has to know about the server it came from: `about.json`.
struct MariaDBAbout: Sendable {
  /// The stream's name.
  static let streamName = Array("about.json".utf8)
  private static let version: Int64 = 1

  var server: MariaDBServer
  var catalogue: MariaDBCatalogue
  var definers: [String]
  var position: ReplicaPosition
  var hasUsers: Bool

  /// One line of JSON.
  var json: String {
    JSONText.object([
      ("version", .integer(MariaDBAbout.version)), ("engine", .text("mariadb")), ("server", serverJSON),
      ("databases", .list(catalogue.databases.map { MariaDBAbout.json($0) })),
      ("definers", .list(definers.map { .text($0) })), ("users", .truth(hasUsers)),
      ("replica", .object(MariaDBAbout.first(position.status).map { ($0.0, .text($0.1)) })),
    ]).encoded
  }

  private var serverJSON: JSONText {
    .object([
      ("family", .text(server.version.family.rawValue)), ("version", .text(server.version.text)),
      ("identity", .text(server.identity)), ("character-set", .text(server.characterSet)),
      ("collation", .text(server.collation)), ("lower-case-table-names", .text(server.lowerCaseTableNames)),
      ("sql-mode", .text(server.sqlMode)), ("time-zone", .text(server.timeZone)),
      ("max-allowed-packet", .text("\(server.largestPacket)")),
    ])
  }

  private static func json(_ database: MariaDBCatalogue.Database) -> JSONText {
    .object([
      ("name-hex", .text(Hex.encode(database.name))), ("name", .text(Printable.text(database.name))),
      ("character-set", .text(database.characterSet)), ("collation", .text(database.collation)),
      ("routines", .integer(Int64(database.routines))), ("events", .integer(Int64(database.events))),
      ("triggers", .integer(Int64(database.triggers))),
      ("tables", .list(database.tables.map { json($0) })),
    ])
  }

  private static func json(_ table: MariaDBCatalogue.Table) -> JSONText {
    .object([
      ("name-hex", .text(Hex.encode(table.name))), ("name", .text(Printable.text(table.name))),
      ("kind", .text("\(table.kind)")), ("engine", .text(table.engine)), ("collation", .text(table.collation)),
      ("rows-estimate", .integer(Int64(clamping: table.rows))), ("bytes", .integer(Int64(clamping: table.bytes))),
    ])
  }

  /// A replica of several sources says each field several times; the first is kept, for names must differ.
  private static func first(_ fields: [(String, String)]) -> [(String, String)] {
    var seen: Set<String> = []
    return fields.filter { seen.insert($0.0).inserted }
  }
}

/// `about.json` as it is read for a load: what is not needed there is passed over.
struct MariaDBStored: Decodable {
  struct Server: Decodable {
    let family: String
    let version: String
    let identity: String
    let lowerCaseTableNames: String

    enum CodingKeys: String, CodingKey {
      case family, version, identity
      case lowerCaseTableNames = "lower-case-table-names"
    }
  }

  struct Table: Decodable {
    let nameHex: String
    let kind: String
    let engine: String
    let collation: String

    enum CodingKeys: String, CodingKey {
      case kind, engine, collation
      case nameHex = "name-hex"
    }

    var name: [UInt8] { Hex.decode(nameHex) ?? [] }
  }

  struct Database: Decodable {
    let nameHex: String
    let characterSet: String
    let collation: String
    let routines: Int
    let events: Int
    let triggers: Int
    let tables: [Table]

    enum CodingKeys: String, CodingKey {
      case collation, routines, events, triggers, tables
      case nameHex = "name-hex"
      case characterSet = "character-set"
    }

    var name: [UInt8] { Hex.decode(nameHex) ?? [] }
  }

  let version: Int
  let server: Server
  let databases: [Database]
  let definers: [String]
  let users: Bool

  /// - Throws: `damaged` for what `MariaDBAbout` did not write, `unsupportedFormat` for a later version
  static func read(_ json: [UInt8]) throws(Failure) -> MariaDBStored {
    let stored: MariaDBStored
    do {
      stored = try JSONDecoder().decode(MariaDBStored.self, from: Data(json))
    } catch {
      throw Failure(.damaged, "the facts about the dumped server can't be read", at: "about.json")
    }
    guard stored.version == 1 else {
      throw Failure(.unsupportedFormat, "about.json has version \(stored.version)", next: "Use a later lifeboat.")
    }
    return stored
  }
}
