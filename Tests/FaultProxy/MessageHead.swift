/// The head of a request or an answer: its first line and its headers, as bytes and as far as a proxy needs them.
struct MessageHead {
  /// The bytes as they came, the empty line included.
  let bytes: [UInt8]
  /// The words of the first line.
  let words: [String]
  private let lines: [String]

  init(_ bytes: [UInt8]) {
    self.bytes = bytes
    // By bytes: what ends a line is one character in Swift's eyes.
    let all = bytes.split(separator: UInt8(ascii: "\n")).map { line in
      String(decoding: line.last == UInt8(ascii: "\r") ? line.dropLast() : line, as: UTF8.self)
    }
    words = all.first.map { $0.split(separator: " ", maxSplits: 2).map(String.init) } ?? []
    lines = Array(all.dropFirst())
  }

  /// The value of a header; nil without it.
  func value(_ name: String) -> String? {
    let start = "\(name.lowercased()):"
    guard let line = lines.first(where: { $0.lowercased().hasPrefix(start) }) else { return nil }
    return String(line.dropFirst(start.count).drop { $0 == " " })
  }

  /// How long the body is, by the headers alone; nil where they don't say.
  var framing: Framing? {
    if value("Transfer-Encoding")?.lowercased().contains("chunked") == true { return .chunked(ChunkScanner()) }
    return value("Content-Length").flatMap { UInt64($0) }.map { .length($0) }
  }
}

/// The head of a request.
struct RequestHead {
  let head: MessageHead

  var method: String { head.words.first ?? "" }

  /// Path and query as sent.
  var target: String { head.words.count > 1 ? head.words[1] : "" }

  /// The public half of the access key that signed it; empty without one.
  var credential: String {
    guard let value = head.value("Authorization"), let start = value.range(after: "Credential=") else { return "" }
    return String(value[start...].prefix { $0 != "/" && $0 != "," })
  }

  /// Whether the client waits for a word before it sends the body.
  var awaitsConsent: Bool { head.value("Expect")?.lowercased() == "100-continue" }

  var framing: Framing { head.framing ?? .length(0) }
}

/// The head of an answer.
struct AnswerHead {
  let head: MessageHead

  var status: Int { head.words.count > 1 ? Int(head.words[1]) ?? 0 : 0 }

  /// Whether another answer to the same request follows.
  var isInterim: Bool { status / 100 == 1 }

  func framing(of method: String) -> Framing {
    if method == "HEAD" || isInterim || status == 204 || status == 304 { return .length(0) }
    return head.framing ?? .untilClose
  }
}

extension String {
  fileprivate func range(after text: String) -> Index? {
    guard let first = text.first else { return startIndex }
    var rest = self[...]
    while let start = rest.firstIndex(of: first) {
      if rest[start...].hasPrefix(text) { return index(start, offsetBy: text.count) }
      rest = rest[index(after: start)...]
    }
    return nil
  }
}
