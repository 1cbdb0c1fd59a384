import Store

/// One request as libcurl gets it: everything that goes over the wire, and the patience to have with it.
struct WireRequest {
  var method: String
  /// The whole address, escaped.
  var url: String
  /// Sent as they are, in this order.
  var headers: [(name: String, value: String)]
  /// Memory of the caller's, which stays where it is until the answer came.
  var body: UnsafeRawBufferPointer
  /// Waits for the other side's consent before the body is sent.
  var expectsContinue = false
  var patience: Patience
  /// Certificates to trust instead of the system's.
  var caFile: String?
  /// Goes straight to the host whatever the environment says: for services of this machine's own network.
  var avoidsProxies = false
  var uploadLimit: RateLimit?
  var downloadLimit: RateLimit?

  /// How long to wait for what.
  struct Patience {
    /// Milliseconds until the connection must be made.
    var connect: Int
    /// Seconds without a byte; zero for any.
    var stall: Int
    /// Milliseconds for all of it; zero for any.
    var total: Int
  }

  init(
    _ method: String, _ url: String, headers: [(name: String, value: String)], body: UnsafeRawBufferPointer,
    patience: Patience
  ) {
    self.method = method
    self.url = url
    self.headers = headers
    self.body = body
    self.patience = patience
  }

  /// Whether there is a body, be it an empty one.
  var hasBody: Bool { method == "PUT" || method == "POST" }
}

/// Where the body of an answer goes; that of a refusal always goes to memory.
package enum AnswerTarget {
  /// To memory; a body longer than so many bytes is a failure.
  case memory(limit: Int)
  /// To the front of a buffer of the caller's, without its first `skipping` bytes should the answer begin with the
  /// start of the object; what does not fit is not waited for.
  case buffer(UnsafeMutableRawBufferPointer, skipping: UInt64)
  /// Through SHA-256, and away.
  case digest
}
