/// One recipient of the header: arguments, the first of them its kind, and a body that wraps the file key.
struct AgeStanza {
  static let start = Array("-> ".utf8)
  private static let space = UInt8(ascii: " ")
  private static let columns = 64

  let arguments: [ArraySlice<UInt8>]
  let body: [UInt8]

  init(arguments: [[UInt8]], body: [UInt8]) {
    self.arguments = arguments.map { $0[...] }
    self.body = body
  }

  /// Reads a stanza whose first line is `line`; the body follows in `lines` and ends with the first short line.
  init(_ line: ArraySlice<UInt8>, _ lines: inout Lines) throws(Age.Problem) {
    arguments = line.dropFirst(AgeStanza.start.count).split(
      separator: AgeStanza.space, omittingEmptySubsequences: false)
    guard arguments.allSatisfy({ !$0.isEmpty && $0.allSatisfy(AgeStanza.isVisible) }) else {
      throw .headerMalformed("an argument of a recipient is empty or not visible")
    }
    var body: [UInt8] = []
    while true {
      let text = try lines.next()
      guard text.count <= AgeStanza.columns, let bytes = Base64.decode(text) else {
        throw .headerMalformed("the body of a recipient is not canonical base64 in lines of 64")
      }
      body += bytes
      if text.count < AgeStanza.columns { break }
    }
    self.body = body
  }

  /// The text of the stanza, with a short last line even where the body fills the one before.
  var encoded: [UInt8] {
    var text = Array("->".utf8)
    for argument in arguments { text += [AgeStanza.space] + argument }
    text.append(AgeHeader.lineFeed)
    var digits = Base64.encode(body)[...]
    while digits.count >= AgeStanza.columns {
      text += digits.prefix(AgeStanza.columns) + [AgeHeader.lineFeed]
      digits = digits.dropFirst(AgeStanza.columns)
    }
    return text + digits + [AgeHeader.lineFeed]
  }

  /// Whether a byte is a visible ASCII character, as arguments are made of.
  static func isVisible(_ byte: UInt8) -> Bool { (33...126).contains(byte) }
}

/// What a stanza means, with the rules of its kind checked.
enum AgeWrap {
  case x25519(X25519Wrap)
  case passphrase(PassphraseWrap)
  case other(String)

  /// The kinds of the specification that are refused by name when nothing else opens the file.
  static let unsupported: Set<String> = ["mlkem768x25519", "p256tag", "mlkem768p256tag"]

  init(_ stanza: AgeStanza) throws(Age.Problem) {
    let kind = String(decoding: stanza.arguments[0], as: UTF8.self)
    switch kind {
    case X25519Wrap.kind: self = .x25519(try X25519Wrap(stanza))
    case PassphraseWrap.kind: self = .passphrase(try PassphraseWrap(stanza))
    default: self = .other(kind)
    }
  }

  /// Reads all stanzas of a header; a passphrase must be the only one.
  static func all(of header: AgeHeader) throws(Age.Problem) -> [AgeWrap] {
    var wraps: [AgeWrap] = []
    for stanza in header.stanzas { wraps.append(try AgeWrap(stanza)) }
    let alone = wraps.count == 1
    for case .passphrase in wraps where !alone { throw .headerMalformed("a passphrase is not the only recipient") }
    return wraps
  }
}
