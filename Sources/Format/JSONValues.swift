package import Bytes
package import Cryptography

extension Name: Codable {
  package init(from decoder: any Decoder) throws {
    let text = try decoder.singleValueContainer().decode(String.self)
    guard let name = Name(hex: text) else { throw JSONText.mismatch(decoder, "64 hexadecimal digits") }
    self = name
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(hex)
  }
}

extension Identifier: Codable {
  package init(from decoder: any Decoder) throws {
    let text = try decoder.singleValueContainer().decode(String.self)
    guard let identifier = Identifier(hex: text) else { throw JSONText.mismatch(decoder, "32 hexadecimal digits") }
    self = identifier
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(hex)
  }
}

extension PublicKey: Codable {
  package init(from decoder: any Decoder) throws {
    let text = try decoder.singleValueContainer().decode(String.self)
    guard let bytes = Hex.decode(text), let key = PublicKey(bytes) else {
      throw JSONText.mismatch(decoder, "a public key of 64 hexadecimal digits")
    }
    self = key
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(hex)
  }
}

/// A 64-bit whole number, such as nanoseconds, as a string: JSON numbers lose digits beyond 2^53.
package struct WideInteger: Codable, Hashable, Sendable {
  package let value: UInt64

  package init(_ value: UInt64) { self.value = value }

  package init(from decoder: any Decoder) throws {
    let text = try decoder.singleValueContainer().decode(String.self)
    guard let value = UInt64(text), String(value) == text else { throw JSONText.mismatch(decoder, "a whole number") }
    self.value = value
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(String(value))
  }
}

private enum JSONText {
  static func mismatch(_ decoder: any Decoder, _ wanted: String) -> DecodingError {
    .dataCorrupted(.init(codingPath: decoder.codingPath, debugDescription: "expected \(wanted)"))
  }
}
