package import Bytes

/// The text file that `age-keygen` writes: identities, one a line, between comments and empty lines.
package enum IdentityFile {
  /// The identities of the file, at least one. Throws `keyInvalid` with the number of the line that is none.
  package static func parse(_ text: Secret) throws(Failure) -> [X25519Identity] {
    try text.withBytes { bytes throws(Failure) in try parse(bytes) }
  }

  private static func parse(_ bytes: UnsafeRawBufferPointer) throws(Failure) -> [X25519Identity] {
    var identities: [X25519Identity] = []
    var start = bytes.startIndex
    var number = 0
    while start < bytes.endIndex {
      let end = bytes[start...].firstIndex(of: AgeHeader.lineFeed) ?? bytes.endIndex
      var line = bytes[start..<end]
      if line.last == 0x0D { line = line.dropLast() }
      start = end + 1
      number += 1
      if line.isEmpty || line.first == UInt8(ascii: "#") { continue }
      do {
        identities.append(try X25519Identity(text: line))
      } catch {
        throw error.within("line \(number)")
      }
    }
    guard !identities.isEmpty else { throw Failure(.keyInvalid, "the file holds no age identity") }
    return identities
  }
}
