/// Finds passwords that stand in addresses, `postgresql://user:password@host`. Every account of a machine can read the
/// arguments of its programs, and files are copied: a password is referred to, never written.
package enum PasswordURL {
  /// What is said of one; it never repeats the text.
  package static let refusal =
    "a URL with a password; leave the password out and refer to it: \(SecretReference.expectedAny)"

  /// Whether a text holds an address with a password that isn't empty.
  package static func isIn(_ text: String) -> Bool {
    let bytes = Array(text.utf8)
    var index = 0
    while index + 2 < bytes.count {
      guard bytes[index] == UInt8(ascii: ":"), bytes[index + 1] == UInt8(ascii: "/"),
        bytes[index + 2] == UInt8(ascii: "/")
      else {
        index += 1
        continue
      }
      index += 3
      let authority = bytes[index...].prefix { !ends.contains($0) }
      if let at = authority.lastIndex(of: UInt8(ascii: "@")),
        let colon = authority[..<at].firstIndex(of: UInt8(ascii: ":")), colon + 1 < at
      {
        return true
      }
    }
    return false
  }

  /// What ends the part of an address that holds user, password and host.
  private static let ends = Set("/?#\"' \t\r\n".utf8)
}
