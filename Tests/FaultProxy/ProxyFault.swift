/// One scripted fault: which requests it meets, and what happens to them.
package struct ProxyFault: Sendable {
  /// What happens.
  package var effect: Effect
  /// The method of the requests that it meets; nil for any.
  package var method: String?
  /// What their target, path and query as sent, contains; empty for any.
  package var containing: String
  /// How likely each of them is hit, from 0 to 1.
  package var probability: Double
  /// The first of the matching requests that may be hit, counted from 1.
  package var first: Int
  /// How many are hit.
  package var count: Int

  /// - Parameters:
  ///   - effect: what happens
  ///   - method: of the requests that it meets, nil for any
  ///   - containing: what their target contains, empty for any
  ///   - probability: how likely each is hit
  ///   - first: the first of the matching ones that may be hit, from 1
  ///   - count: how many are hit
  package init(
    _ effect: Effect, on method: String? = nil, containing: String = "", probability: Double = 1, first: Int = 1,
    count: Int = .max
  ) {
    precondition(first > 0 && count > 0)
    self.effect = effect
    self.method = method
    self.containing = containing
    self.probability = probability
    self.first = first
    self.count = count
  }

  /// What happens to a request. Offsets count the bytes of a body as sent, from 0; a body that ends before them passes.
  /// Times are nanoseconds.
  package enum Effect: Sendable {
    /// It is answered so and never reaches the server.
    case answer(MadeAnswer)
    /// The connection is reset before anything reaches the server.
    case reset
    /// It reaches the server this much later; nothing happens on its connection meanwhile.
    case hold(UInt64)
    /// The connection is reset on both sides once so much of its body has passed.
    case resetUpload(after: UInt64)
    /// So much of its body passes, and the rest this much later.
    case stallUpload(after: UInt64, UInt64)
    /// One bit of its body arrives flipped.
    case flipUpload(at: UInt64)
    /// It is done, but the connection is reset in place of the answer.
    case loseAnswer
    /// The answer comes this much later.
    case holdAnswer(UInt64)
    /// The connection is reset once so much of the answer's body has passed.
    case resetDownload(after: UInt64)
    /// The connection is closed in an orderly way once so much of the answer's body has passed.
    case truncateDownload(after: UInt64)
    /// So much of the answer's body passes, and the rest this much later.
    case stallDownload(after: UInt64, UInt64)
    /// One bit of the answer's body arrives flipped.
    case flipDownload(at: UInt64)
  }

  func matches(_ request: RequestHead) -> Bool {
    (method == nil || method == request.method) && (containing.isEmpty || request.target.contains(containing))
  }
}

/// An answer that the proxy gives in the server's place, as S3 words it.
package struct MadeAnswer: Sendable {
  /// The status, such as 503.
  package var status: Int
  /// The word that S3 has for it, such as `SlowDown`.
  package var code: String
  /// Further header lines, without their ends.
  package var headers: [String]
  /// Whether the request's body is taken first; else the answer comes at once and the connection ends.
  package var readsBody: Bool

  /// - Parameters:
  ///   - status: such as 503
  ///   - code: such as `SlowDown`
  ///   - headers: further lines
  ///   - readsBody: whether the body is taken first
  package init(_ status: Int, _ code: String, headers: [String] = [], readsBody: Bool = true) {
    self.status = status
    self.code = code
    self.headers = headers
    self.readsBody = readsBody
  }

  /// 503: the server asks for fewer requests, and for patience of so many seconds where it says so.
  package static func slowDown(retryAfter seconds: Int? = nil) -> MadeAnswer {
    MadeAnswer(503, "SlowDown", headers: seconds.map { ["Retry-After: \($0)"] } ?? [])
  }

  /// 500: something went wrong in the server.
  package static let internalError = MadeAnswer(500, "InternalError")

  /// 400: the session that the request was signed for is over.
  package static let expiredToken = MadeAnswer(400, "ExpiredToken")

  /// All of it as bytes.
  ///
  /// - Parameters:
  ///   - method: of the request; a `HEAD` gets no body
  ///   - closes: whether the connection ends with it
  func bytes(to method: String, closes: Bool) -> [UInt8] {
    let body =
      #"<?xml version="1.0" encoding="UTF-8"?><Error><Code>\#(code)</Code><Message>made up by the proxy</Message>"#
      + "<RequestId>proxy</RequestId></Error>"
    let lines =
      ["HTTP/1.1 \(status) \(code)", "Content-Type: application/xml", "Content-Length: \(body.utf8.count)"]
      + headers + (closes ? ["Connection: close"] : [])
    return Array((lines + ["", method == "HEAD" ? "" : body]).joined(separator: "\r\n").utf8)
  }
}
