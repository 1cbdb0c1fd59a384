/// The textual header of an age file: who can unwrap the file key, and a code over all of it.
///
/// Method: https://age-encryption.org/v1 (C2SP age.md), read strictly: what does not match its grammar byte for byte
/// is refused. The code can only be checked once a stanza has given the file key, so until then nothing here is trusted.
struct AgeHeader {
  static let versionLine = Array("age-encryption.org/v1".utf8)
  /// A header longer than this is refused before it is parsed; it holds over 600 recipients.
  static let limit = 65_536

  let stanzas: [AgeStanza]
  /// The bytes that the code covers: everything up to and including the three dashes.
  let covered: ArraySlice<UInt8>
  let code: [UInt8]
  /// Everything behind the header.
  let payload: ArraySlice<UInt8>

  /// Reads the header from the front of `file`.
  init(_ file: ArraySlice<UInt8>) throws(Age.Problem) {
    var lines = Lines(file.prefix(AgeHeader.limit))
    try AgeHeader.checkVersion(try lines.next())
    var stanzas: [AgeStanza] = []
    while true {
      let start = lines.rest.startIndex
      let line = try lines.next()
      if line.starts(with: AgeStanza.start) {
        stanzas.append(try AgeStanza(line, &lines))
      } else if line.starts(with: Array("--- ".utf8)) {
        guard let code = Base64.decode(line.dropFirst(4)), code.count == 32 else { throw .headerMalformed("bad code") }
        guard !stanzas.isEmpty else { throw .headerMalformed("no recipient") }
        self.stanzas = stanzas
        self.code = code
        covered = file[file.startIndex..<(start + 3)]
        payload = file[lines.rest.startIndex...]
        return
      } else {
        throw .headerMalformed("a line is neither recipient nor code")
      }
    }
  }

  private static func checkVersion(_ line: ArraySlice<UInt8>) throws(Age.Problem) {
    if line.elementsEqual(versionLine) { return }
    let family = Array("age-encryption.org/".utf8)
    let version = line.dropFirst(family.count)
    guard line.starts(with: family), !version.isEmpty, version.count <= 32, version.allSatisfy(AgeStanza.isVisible)
    else {
      throw .headerMalformed("it does not begin as age files do")
    }
    throw .unsupportedVersion(String(decoding: version, as: UTF8.self))
  }

  /// Whether the code is the one that `fileKey` gives for the header. Compares in constant time.
  func isAuthentic(under fileKey: Secret) -> Bool {
    Sodium.matches(code, AgeHeader.code(of: covered, under: fileKey))
  }

  /// The text of a header with these stanzas.
  static func encode(_ stanzas: [AgeStanza], under fileKey: Secret) -> [UInt8] {
    var text = versionLine + [AgeHeader.lineFeed]
    for stanza in stanzas { text += stanza.encoded }
    text += Array("---".utf8)
    let code = code(of: text[...], under: fileKey)
    return text + [UInt8(ascii: " ")] + Base64.encode(code) + [AgeHeader.lineFeed]
  }

  private static func code(of text: ArraySlice<UInt8>, under fileKey: Secret) -> [UInt8] {
    let key = HKDF.derive(from: fileKey, salt: [], info: Array("header".utf8))
    var code = [UInt8](repeating: 0, count: 32)
    var state = HMAC(key: key)
    text.withUnsafeBytes { state.update($0) }
    code.withUnsafeMutableBytes { state.finish(into: $0) }
    return code
  }

  static let lineFeed = UInt8(ascii: "\n")
}

/// Lines that end with a line feed, one after the other.
struct Lines {
  private(set) var rest: ArraySlice<UInt8>

  init(_ bytes: ArraySlice<UInt8>) { rest = bytes }

  /// The next line without its line feed; a header that ends without one is malformed.
  mutating func next() throws(Age.Problem) -> ArraySlice<UInt8> {
    guard let end = rest.firstIndex(of: AgeHeader.lineFeed) else {
      throw .headerMalformed(
        rest.isEmpty ? "it ends early" : "a line does not end, or it is over \(AgeHeader.limit) bytes")
    }
    defer { rest = rest[(end + 1)...] }
    return rest[..<end]
  }
}
