/// Takes secrets out of what other programs print before it reaches a person, a log or a snapshot.
package struct Redaction: Sendable {
  private let secrets: [[UInt8]]

  /// - Parameter secrets: the values; those under 4 bytes are too short to be told from ordinary text
  package init(secrets: [[UInt8]]) {
    self.secrets = secrets.filter { $0.count >= 4 }.sorted { $0.count > $1.count }
  }

  /// The text with every secret, and the password of every `scheme://user:password@host`, replaced by `***`.
  package func clean(_ text: String) -> String {
    var bytes = Array(text.utf8)
    for secret in secrets { bytes = Redaction.replace(secret, in: bytes) }
    return String(decoding: Redaction.hideAuthority(bytes), as: UTF8.self)
  }

  private static let stars = Array("***".utf8)

  private static func replace(_ secret: [UInt8], in bytes: [UInt8]) -> [UInt8] {
    var result: [UInt8] = []
    var index = 0
    while index < bytes.count {
      if bytes[index] == secret[0], bytes[index...].starts(with: secret) {
        result += stars
        index += secret.count
      } else {
        result.append(bytes[index])
        index += 1
      }
    }
    return result
  }

  private static func hideAuthority(_ bytes: [UInt8]) -> [UInt8] {
    let mark = Array("://".utf8)
    let ends = Array(" \t\r\n/\"'".utf8)
    var result: [UInt8] = []
    var index = 0
    while index < bytes.count {
      guard bytes[index...].starts(with: mark) else {
        result.append(bytes[index])
        index += 1
        continue
      }
      let authority = bytes[(index + 3)...].prefix { !ends.contains($0) }
      result += mark
      index = authority.endIndex
      if let at = authority.lastIndex(of: UInt8(ascii: "@")),
        let colon = authority[..<at].firstIndex(of: UInt8(ascii: ":"))
      {
        result += authority[...colon] + stars + authority[at...]
      } else {
        result += authority
      }
    }
    return result
  }
}
