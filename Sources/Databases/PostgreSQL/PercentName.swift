import Bytes

/// Names of databases as parts of stream names: `/`, `%` and control characters stand as `%2F`, so that every name is
/// one part of a path.
package enum PercentName {
  /// The name with what can't stand in a path escaped; a name of dots alone has its first one escaped.
  package static func encode(_ name: String) -> String {
    let isDots = name == "." || name == ".."
    var bytes: [UInt8] = []
    for (index, byte) in name.utf8.enumerated() {
      if byte == UInt8(ascii: "/") || byte == UInt8(ascii: "%") || byte < 0x20 || byte == 0x7f || (isDots && index == 0)
      {
        bytes += Array("%\(Hex.encode([byte]).uppercased())".utf8)
      } else {
        bytes.append(byte)
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// What `encode` was given; nil for anything else.
  package static func decode(_ text: String) -> String? {
    var bytes: [UInt8] = []
    var rest = Array(text.utf8)[...]
    while let byte = rest.popFirst() {
      guard byte == UInt8(ascii: "%") else {
        bytes.append(byte)
        continue
      }
      let digits = String(decoding: rest.prefix(2), as: UTF8.self).lowercased()
      guard rest.count >= 2, let value = Hex.decode(digits) else { return nil }
      bytes += value
      rest = rest.dropFirst(2)
    }
    guard let name = String(validating: bytes, as: UTF8.self), encode(name) == text else { return nil }
    return name
  }
}
