package import Bytes
import FoundationEssentials
import Profiles

// The manifest as JSON: names that are not UTF-8 stand as `name-hex`, counts as numbers or, beyond 2^53, as texts.
extension TruthManifest {
  /// The version of this layout.
  private static let version = 1

  /// The manifest as one line of JSON.
  package var json: String {
    var members: [(String, JSONText)] = [
      ("version", .integer(Int64(TruthManifest.version))), ("engine", .text(engine)),
    ]
    if let schema { members.append(("schema", .text(schema.hex))) }
    members.append(("tables", .list(tables.map(\.json))))
    if !sequences.isEmpty { members.append(("sequences", .list(sequences.map(\.json)))) }
    if let streams {
      let tally: [(String, JSONText)] = [
        ("count", .count(streams.count)), ("bytes", .count(streams.bytes)), ("checksum", .text(streams.value.hex)),
      ]
      members.append(("streams", .object(tally)))
    }
    return JSONText.object(members).encoded
  }

  /// Reads what `json` wrote; throws `damaged` for anything else, and `unsupportedFormat` for a later version.
  package init(json: [UInt8]) throws(Failure) {
    let stored: Stored
    do {
      stored = try JSONDecoder().decode(Stored.self, from: Data(json))
    } catch {
      throw Failure(.damaged, "the truth manifest is malformed")
    }
    guard stored.version == TruthManifest.version else {
      throw Failure(
        .unsupportedFormat, "the truth manifest has version \(stored.version)", next: "Use a later lifeboat.")
    }
    var tables: [Table] = []
    for table in stored.tables { tables.append(try table.value()) }
    self.init(
      engine: stored.engine, schema: try stored.schema.map { text throws(Failure) in try Stored.name(text) },
      tables: tables, sequences: try Stored.sequences(stored.sequences),
      streams: try stored.streams.map { tally throws(Failure) in try tally.value() })
    guard zip(self.tables, self.tables.dropFirst()).allSatisfy({ $0.name != $1.name }),
      zip(self.sequences, self.sequences.dropFirst()).allSatisfy({ $0.name != $1.name })
    else {
      throw Failure(.damaged, "the truth manifest names a table or sequence twice")
    }
  }
}

extension TruthManifest.Table {
  fileprivate var json: JSONText {
    .object([JSONText.title(name), ("rows", .count(rows)), ("checksum", .text(checksum.hex))])
  }
}

extension TruthManifest.Sequence {
  fileprivate var json: JSONText {
    .object([JSONText.title(name), ("value", .integer(value)), ("called", .truth(isCalled))])
  }
}

extension JSONText {
  fileprivate static func title(_ name: [UInt8]) -> (String, JSONText) {
    let text = String(validating: name, as: UTF8.self)
    return text.map { ("name", .text($0)) } ?? ("name-hex", .text(Hex.encode(name)))
  }
}

/// The layout as the decoder sees it.
private struct Stored: Decodable {
  typealias Count = Number<UInt64>

  struct Number<Value: FixedWidthInteger & Decodable>: Decodable {
    let value: Value

    init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      if let number = try? container.decode(Value.self) {
        value = number
      } else if let number = Value(try container.decode(String.self)) {
        value = number
      } else {
        throw DecodingError.dataCorruptedError(in: container, debugDescription: "not a count")
      }
    }
  }

  struct Table: Decodable {
    enum CodingKeys: String, CodingKey {
      case name
      case hexadecimal = "name-hex"
      case rows
      case checksum
    }

    let name: String?
    let hexadecimal: String?
    let rows: Count
    let checksum: String

    func value() throws(Failure) -> TruthManifest.Table {
      TruthManifest.Table(
        name: try Stored.title(name, hexadecimal), rows: rows.value, checksum: try Stored.name(checksum))
    }
  }

  struct Sequence: Decodable {
    enum CodingKeys: String, CodingKey {
      case name
      case hexadecimal = "name-hex"
      case value
      case called
    }

    let name: String?
    let hexadecimal: String?
    let value: Number<Int64>
    let called: Bool
  }

  struct Tally: Decodable {
    let count: Count
    let bytes: Count
    let checksum: String

    func value() throws(Failure) -> StreamTally {
      StreamTally(count: count.value, bytes: bytes.value, checksum: try Stored.name(checksum))
    }
  }

  let version: Int
  let engine: String
  let schema: String?
  let tables: [Table]
  let sequences: [Sequence]?
  let streams: Tally?

  static func sequences(_ stored: [Sequence]?) throws(Failure) -> [TruthManifest.Sequence] {
    var sequences: [TruthManifest.Sequence] = []
    for sequence in stored ?? [] {
      let name = try title(sequence.name, sequence.hexadecimal)
      sequences.append(TruthManifest.Sequence(name: name, value: sequence.value.value, isCalled: sequence.called))
    }
    return sequences
  }

  static func title(_ name: String?, _ hexadecimal: String?) throws(Failure) -> [UInt8] {
    let bytes = name.map { Array($0.utf8) } ?? hexadecimal.flatMap { Hex.decode($0) }
    guard let bytes, name == nil || hexadecimal == nil else {
      throw Failure(.damaged, "a table or sequence of the truth manifest has no name")
    }
    return bytes
  }

  static func name(_ text: String) throws(Failure) -> Name {
    guard let name = Name(hex: text) else { throw Failure(.damaged, "a checksum of the truth manifest is malformed") }
    return name
  }
}
