import Bytes

extension S3Server {
  /// What came back for one request.
  package struct Answer: Sendable {
    /// The status, such as 200.
    package let status: Int
    /// The header lines.
    package let head: String
    /// The body.
    package let body: [UInt8]

    /// The body as text.
    package var text: String { String(decoding: body, as: UTF8.self) }

    /// What the elements of one name hold, in order. For answers whose text needs no unescaping.
    package func elements(_ name: String) -> [String] {
      text.split(separator: "<\(name)>", omittingEmptySubsequences: false).dropFirst().map { rest in
        String(rest.prefix { $0 != "<" })
      }
    }
  }

  /// Sends one signed request with the `curl` program: nothing that is tested takes part in it.
  ///
  /// - Parameters:
  ///   - method: such as `PUT`
  ///   - path: what follows the address, unescaped
  ///   - query: names and values, unescaped
  ///   - headers: further ones
  ///   - body: nil for none
  ///   - user: who asks; the owner unless told otherwise
  package func request(
    _ method: String, _ path: String, query: [String: String] = [:], headers: [String: String] = [:],
    body: [UInt8]? = nil, as user: S3User? = nil
  ) throws -> Answer {
    let user = user ?? owner
    let folder = TemporaryFolder()
    // The program signs what it is given as it is: escaped and sorted.
    let items = query.map { "\(S3Server.escaped($0.key))=\(S3Server.escaped($0.value))" }.sorted()
    let url =
      endpoint + S3Server.escaped(path, keeping: "/") + (items.isEmpty ? "" : "?\(items.joined(separator: "&"))")
    var words = [
      "curl", "--silent", "--show-error", "--max-time", "60", "--globoff", "--path-as-is", "--aws-sigv4",
      "aws:amz:\(region):s3",
      "--user", "\(user.keyID):\(user.secret)", "--header", "x-amz-content-sha256: UNSIGNED-PAYLOAD",
      "--dump-header", folder.path("head"), "--output", folder.path("body"), "--write-out", "%{http_code}",
    ]
    for (name, value) in headers.sorted(by: { $0.key < $1.key }) { words += ["--header", "\(name): \(value)"] }
    words += method == "HEAD" ? ["--head"] : ["--request", method]
    if let body {
      try Files.write(folder.path("sent"), body)
      words += ["--upload-file", folder.path("sent")]
    }
    try Files.write(folder.path("body"), [])
    let outcome = try Program.run(words + [url])
    guard outcome.status == 0, let status = Int(outcome.text) else {
      throw Trouble(what: "\(method) \(path)", outcome.errors)
    }
    let head = String(decoding: try Files.read(folder.path("head")), as: UTF8.self)
    return Answer(status: status, head: head, body: method == "HEAD" ? [] : try Files.read(folder.path("body")))
  }

  /// As above, but an answer of another family than 2xx is thrown.
  @discardableResult
  package func ask(
    _ method: String, _ path: String, query: [String: String] = [:], headers: [String: String] = [:],
    body: [UInt8]? = nil, as user: S3User? = nil
  ) throws -> Answer {
    let answer = try request(method, path, query: query, headers: headers, body: body, as: user)
    guard answer.status / 100 == 2 else { throw Trouble(what: "\(method) \(path)", "\(answer.status) \(answer.text)") }
    return answer
  }

  private static func escaped(_ text: String, keeping kept: String = "") -> String {
    let plain = Set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~\(kept)".utf8)
    var bytes: [UInt8] = []
    for byte in text.utf8 {
      bytes += plain.contains(byte) ? [byte] : Array("%\(Hex.encode([byte]).uppercased())".utf8)
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
