import Bytes
import FoundationEssentials

/// JSON bodies of envelopes and key files: sorted keys, strict reading, padded with spaces.
enum JSONBody {
  /// What every body may hold: names of fields that a reader must know, or refuse the object.
  private struct Critical: Decodable {
    let critical: [String]?
  }

  static func encode(_ value: some Encodable, padded: Bool = true) -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    guard let data = try? encoder.encode(value) else { fatalError("a body of plain strings and numbers must encode") }
    return padded ? Padding.pad(Array(data), with: 0x20) : Array(data)
  }

  /// Reads a body; a doubled name, an unknown critical name or a wrong shape is refused.
  static func decode<Value: Decodable>(_ type: Value.Type, from bytes: [UInt8], of subject: String) throws(Failure)
    -> Value
  {
    if let name = DoubledName.first(in: bytes) {
      throw Failure(
        .damaged, "\(subject) is malformed: the name \"\(DisplayText.of(name))\" stands twice in one object")
    }
    let data = Data(bytes)
    do {
      let unknown = try JSONDecoder().decode(Critical.self, from: data).critical ?? []
      if let name = unknown.first {
        throw Failure(
          .unsupportedFormat, "this \(subject) needs the feature \"\(name)\", which this program does not know",
          next: "Use a newer lifeboat.")
      }
      return try JSONDecoder().decode(type, from: data)
    } catch let failure as Failure {
      throw failure
    } catch {
      throw Failure(.damaged, "\(subject) is malformed: \(JSONBody.reason(error))")
    }
  }

  /// Where a decoding error lies, without quoting the body, which may hold secrets.
  private static func reason(_ error: any Error) -> String {
    let path: [any CodingKey]
    switch error {
    case DecodingError.keyNotFound(let key, let context): path = context.codingPath + [key]
    case DecodingError.typeMismatch(_, let context), DecodingError.valueNotFound(_, let context),
      DecodingError.dataCorrupted(let context):
      path = context.codingPath
    default: path = []
    }
    let place = path.map(\.stringValue).joined(separator: ".")
    return place.isEmpty ? "no JSON object of the expected shape" : "field \(place)"
  }
}

/// Finds a name that stands twice in one JSON object, which decoders silently drop: two readers could then
/// read two meanings from one signed body.
enum DoubledName {
  /// The first doubled name; nil for none. Malformed JSON is left to the decoder.
  static func first(in bytes: [UInt8]) -> [UInt8]? {
    var objects: [Set<[UInt8]>?] = []
    var index = 0
    while index < bytes.count {
      switch bytes[index] {
      case UInt8(ascii: "{"): objects.append([])
      case UInt8(ascii: "["): objects.append(nil)
      case UInt8(ascii: "}"), UInt8(ascii: "]"): _ = objects.popLast()
      case UInt8(ascii: "\""):
        let start = index + 1
        index = end(ofStringAt: start, in: bytes)
        let name = Array(bytes[min(start, index)..<index])
        if isName(endingAt: index, in: bytes), let top = objects.last, top != nil {
          guard objects[objects.count - 1]?.insert(unescaped(name)).inserted == true else { return name }
        }
      default: break
      }
      index += 1
    }
    return nil
  }

  /// The name that a decoder reads: one name can be spelled in many ways with escapes.
  private static func unescaped(_ name: [UInt8]) -> [UInt8] {
    guard name.contains(UInt8(ascii: "\\")) else { return name }
    let quoted = Data([UInt8(ascii: "\"")] + name + [UInt8(ascii: "\"")])
    return (try? JSONDecoder().decode(String.self, from: quoted)).map { Array($0.utf8) } ?? name
  }

  private static func end(ofStringAt start: Int, in bytes: [UInt8]) -> Int {
    var index = start
    while index < bytes.count, bytes[index] != UInt8(ascii: "\"") {
      index += bytes[index] == UInt8(ascii: "\\") ? 2 : 1
    }
    return min(index, bytes.count)
  }

  private static func isName(endingAt quote: Int, in bytes: [UInt8]) -> Bool {
    let next = bytes[min(quote + 1, bytes.count)...].first { !$0.isJSONSpace }
    return next == UInt8(ascii: ":")
  }
}

extension UInt8 {
  fileprivate var isJSONSpace: Bool { self == 0x20 || self == 0x09 || self == 0x0a || self == 0x0d }
}
