/// Percent-encoding as signatures of AWS want it: RFC 3986, upper-case digits, nothing spared but the unreserved.
package enum RequestEncoding {
  private static let digits = Array("0123456789ABCDEF".utf8)

  /// A part of a query, or one component of a path.
  package static func part(_ text: String) -> String { encode(text, sparing: nil) }

  /// A path: its slashes stay.
  package static func path(_ text: String) -> String { encode(text, sparing: UInt8(ascii: "/")) }

  /// Names and values encoded, sorted by the encoded bytes of the name and then of the value, and joined. Every name
  /// has its `=`, so that what is signed is what is sent.
  package static func query(_ items: [(name: String, value: String)]) -> String {
    items.map { (part($0.name), part($0.value)) }
      .sorted { precedes($0, $1) }
      .map { "\($0.0)=\($0.1)" }.joined(separator: "&")
  }

  /// Whether a byte stands for itself everywhere in an address.
  static func isUnreserved(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."),
      UInt8(ascii: "~"):
      true
    default: false
    }
  }

  private static func encode(_ text: String, sparing spared: UInt8?) -> String {
    if text.utf8.allSatisfy({ isUnreserved($0) || $0 == spared }) { return text }
    var bytes: [UInt8] = []
    for byte in text.utf8 {
      if isUnreserved(byte) || byte == spared {
        bytes.append(byte)
      } else {
        bytes += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  private static func precedes(_ left: (String, String), _ right: (String, String)) -> Bool {
    if left.0 == right.0 { return left.1.utf8.lexicographicallyPrecedes(right.1.utf8) }
    return left.0.utf8.lexicographicallyPrecedes(right.0.utf8)
  }
}
