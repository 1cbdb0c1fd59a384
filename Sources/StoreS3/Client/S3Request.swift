package import Bytes

/// One request about a bucket or a key in it, before it is signed.
package struct S3Request: Sendable {
  /// `GET`, `PUT`, `POST`, `HEAD`, `DELETE`.
  package var method: String
  /// The whole key, prefix included; nil for the bucket itself.
  package var key: String?
  /// Not encoded, in any order; one without a value has an empty one.
  package var query: [(name: String, value: String)]
  /// All of them are signed.
  package var headers: [(name: String, value: String)]

  package init(
    _ method: String, key: String? = nil, query: [(name: String, value: String)] = [],
    headers: [(name: String, value: String)] = []
  ) {
    self.method = method
    self.key = key
    self.query = query
    self.headers = headers
  }
}

/// The answer to a request, whatever its status.
package struct S3Answer: Sendable {
  package let status: Int
  package let headers: HTTPHeaders
  /// The body, where it went to memory; the document of a refusal always does.
  package let body: [UInt8]
  /// How many bytes of the body went to the target.
  package let count: Int
  /// The SHA-256 of the body, where it went through one.
  package let digest: Name?
  /// The answer said how long it is, so that its end is the object's and not the connection's.
  package let isDelimited: Bool
  /// The request went out more than once, for the connection that had been kept open turned out dead: the answer to the
  /// first, if there was one, is lost.
  package let wasRepeated: Bool

  /// Whether the request was done.
  package var isSuccess: Bool { (200..<300).contains(status) }

  /// What the store says of its refusal.
  package var error: S3Error { isSuccess ? S3Error() : S3Error(document: body) }
}
