package import Bytes
import FoundationEssentials
import Profiles

// The facts as JSON. A name that is not UTF-8 stands as `{"hex": "…"}` where another is a plain text; counts beyond
// 2^53 are texts.
extension PostgreSQLFacts {
  /// The version of this layout.
  private static let layout = 1

  /// The facts as one line of JSON.
  package var json: String {
    JSONText.object([
      ("version", .integer(Int64(PostgreSQLFacts.layout))), ("engine", .text("postgresql")),
      ("server", server.json), ("pg_dump", .integer(Int64(tool.number))), ("database", database.json),
      ("extensions", .list(extensions.map(\.json))), ("roles", .list(roles.map(JSONText.name))),
      ("tables", .list(tables.map(\.json))), ("sequences", .list(sequences.map(\.json))),
      ("large-objects", .count(largeObjects)),
      ("snapshot", .object([("taken", .count(taken)), ("held-milliseconds", .count(heldMilliseconds))])),
      ("losses", .list(losses.map { .text($0) })),
    ]).encoded
  }

  /// Reads what `json` wrote; throws `damaged` for anything else, and `unsupportedFormat` for a later layout.
  package init(json: [UInt8]) throws(Failure) {
    let stored: StoredFacts
    do {
      stored = try JSONDecoder().decode(StoredFacts.self, from: Data(json))
    } catch {
      throw Failure(.damaged, "the facts about the database are malformed")
    }
    guard stored.version == PostgreSQLFacts.layout else {
      throw Failure(
        .unsupportedFormat, "the facts about the database have layout \(stored.version)", next: "Use a later lifeboat.")
    }
    self = stored.facts
  }
}

extension JSONText {
  fileprivate static func name(_ bytes: [UInt8]) -> JSONText {
    if let text = String(validating: bytes, as: UTF8.self) { return .text(text) }
    return .object([("hex", .text(Hex.encode(bytes)))])
  }
}

extension PostgreSQLFacts.Server {
  fileprivate var json: JSONText {
    .object(
      [
        ("number", .integer(Int64(version.number))), ("version", .text(versionText)),
        ("system-identifier", .text(systemIdentifier)), ("standby", .truth(isStandby)),
      ] + (lagMilliseconds.map { [("lag-milliseconds", .integer($0))] } ?? []))
  }
}

extension PostgreSQLFacts.Database {
  fileprivate var json: JSONText {
    .object(
      [
        ("name", .text(name)), ("oid", .integer(Int64(oid))), ("encoding", .text(encoding)),
        ("collate", .text(collate)), ("ctype", .text(ctype)), ("locale-provider", .text(localeProvider)),
        ("owner", .name(owner)), ("tablespace", .name(tablespace)), ("size", .count(size)),
      ] + (locale.map { [("locale", .text($0))] } ?? []))
  }
}

extension PostgreSQLFacts.Extension {
  fileprivate var json: JSONText {
    .object([("name", .name(name)), ("version", .name(version)), ("schema", .name(schema))])
  }
}

extension PostgreSQLFacts.Table {
  fileprivate var json: JSONText {
    var members: [(String, JSONText)] = [
      ("schema", .name(schema)), ("name", .name(name)), ("kind", .text(kind.rawValue)), ("bytes", .count(bytes)),
    ]
    if let rows { members.append(("rows", .count(rows))) }
    if let stream { members.append(("stream", .name(stream))) }
    if let tablespace { members.append(("tablespace", .name(tablespace))) }
    return .object(members)
  }
}

extension PostgreSQLFacts.Sequence {
  fileprivate var json: JSONText {
    .object([
      ("schema", .name(schema)), ("name", .name(name)), ("value", .integer(value)), ("called", .truth(isCalled)),
    ])
  }
}

/// The layout as the decoder sees it.
private struct StoredFacts: Decodable {
  enum CodingKeys: String, CodingKey {
    case version, server, database, extensions, roles, tables, sequences, snapshot, losses
    case tool = "pg_dump"
    case largeObjects = "large-objects"
  }

  let version: Int
  let server: StoredServer
  let tool: Int
  let database: StoredDatabase
  let extensions: [StoredExtension]
  let roles: [StoredName]
  let tables: [StoredTable]
  let sequences: [StoredSequence]
  let largeObjects: StoredNumber<UInt64>
  let snapshot: StoredSnapshot
  let losses: [String]

  var facts: PostgreSQLFacts {
    PostgreSQLFacts(
      server: server.value, tool: PostgreSQLVersion(number: tool), database: database.value,
      extensions: extensions.map(\.value), roles: roles.map(\.bytes), tables: tables.map(\.value),
      sequences: sequences.map(\.facts), largeObjects: largeObjects.value, taken: snapshot.taken.value,
      heldMilliseconds: snapshot.held.value, losses: losses)
  }
}

private struct StoredNumber<Value: FixedWidthInteger & Decodable>: Decodable {
  let value: Value

  init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if let number = try? container.decode(Value.self) {
      value = number
    } else if let number = Value(try container.decode(String.self)) {
      value = number
    } else {
      throw DecodingError.dataCorruptedError(in: container, debugDescription: "not a number")
    }
  }
}

private struct StoredName: Decodable {
  private enum CodingKeys: CodingKey { case hex }
  let bytes: [UInt8]

  init(from decoder: any Decoder) throws {
    if let text = try? decoder.singleValueContainer().decode(String.self) {
      bytes = Array(text.utf8)
      return
    }
    let container = try decoder.container(keyedBy: CodingKeys.self)
    guard let decoded = Hex.decode(try container.decode(String.self, forKey: .hex)) else {
      throw DecodingError.dataCorruptedError(forKey: .hex, in: container, debugDescription: "not hexadecimal")
    }
    bytes = decoded
  }
}

private struct StoredSnapshot: Decodable {
  enum CodingKeys: String, CodingKey {
    case taken
    case held = "held-milliseconds"
  }

  let taken: StoredNumber<UInt64>
  let held: StoredNumber<UInt64>
}

private struct StoredServer: Decodable {
  enum CodingKeys: String, CodingKey {
    case number, version, standby
    case systemIdentifier = "system-identifier"
    case lag = "lag-milliseconds"
  }

  let number: Int
  let version: String
  let systemIdentifier: String
  let standby: Bool
  let lag: StoredNumber<Int64>?

  var value: PostgreSQLFacts.Server {
    PostgreSQLFacts.Server(
      version: PostgreSQLVersion(number: number), versionText: version, systemIdentifier: systemIdentifier,
      isStandby: standby, lagMilliseconds: lag?.value)
  }
}

private struct StoredDatabase: Decodable {
  enum CodingKeys: String, CodingKey {
    case name, oid, encoding, collate, ctype, locale, owner, tablespace, size
    case localeProvider = "locale-provider"
  }

  let name: String
  let oid: UInt32
  let encoding: String
  let collate: String
  let ctype: String
  let localeProvider: String
  let locale: String?
  let owner: StoredName
  let tablespace: StoredName
  let size: StoredNumber<UInt64>

  var value: PostgreSQLFacts.Database {
    PostgreSQLFacts.Database(
      name: name, oid: oid, encoding: encoding, collate: collate, ctype: ctype, localeProvider: localeProvider,
      locale: locale, owner: owner.bytes, tablespace: tablespace.bytes, size: size.value)
  }
}

private struct StoredExtension: Decodable {
  let name: StoredName
  let version: StoredName
  let schema: StoredName

  var value: PostgreSQLFacts.Extension {
    PostgreSQLFacts.Extension(name: name.bytes, version: version.bytes, schema: schema.bytes)
  }
}

private struct StoredTable: Decodable {
  let schema: StoredName
  let name: StoredName
  let kind: String
  let rows: StoredNumber<UInt64>?
  let bytes: StoredNumber<UInt64>
  let stream: StoredName?
  let tablespace: StoredName?

  var value: PostgreSQLFacts.Table {
    PostgreSQLFacts.Table(
      schema: schema.bytes, name: name.bytes, kind: PostgreSQLFacts.Table.Kind(rawValue: kind) ?? .table,
      rows: rows?.value, bytes: bytes.value, stream: stream?.bytes, tablespace: tablespace?.bytes)
  }
}

private struct StoredSequence: Decodable {
  let schema: StoredName
  let name: StoredName
  let value: StoredNumber<Int64>
  let called: Bool
}

extension StoredSequence {
  fileprivate var facts: PostgreSQLFacts.Sequence {
    PostgreSQLFacts.Sequence(schema: schema.bytes, name: name.bytes, value: value.value, isCalled: called)
  }
}
