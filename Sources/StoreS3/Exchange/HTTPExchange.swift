package import Bytes

/// One request and its answer over HTTP, for small bodies: what looking for credentials needs.
package protocol HTTPExchange: Sendable {
  /// Sends a request and waits for the whole answer, whatever its status.
  ///
  /// - Throws: `storeUnavailable` with advice to try again where no answer came; without it where the other side is not
  ///   who it must be (TLS) or the address makes no sense; `interrupted` once the run stops
  func send(_ request: HTTPRequest) throws(Failure) -> HTTPAnswer
}

/// A request whose body lies in memory.
package struct HTTPRequest: Sendable {
  /// `GET`, `PUT`, `POST`, `HEAD`, `DELETE`.
  package var method: String
  /// The whole address, escaped.
  package var url: String
  /// Sent as they are.
  package var headers: [(name: String, value: String)]
  package var body: [UInt8]
  /// Seconds for connecting.
  package var connectTimeout: Double
  /// Seconds for all of it.
  package var timeout: Double
  /// The longest answer in bytes; a longer one is a failure.
  package var limit: Int
  /// Never goes through a proxy, whatever the environment says: for addresses that only this host can reach.
  package var isDirect = false

  package init(
    _ method: String, _ url: String, headers: [(name: String, value: String)] = [], body: [UInt8] = [],
    connectTimeout: Double = 10, timeout: Double = 60, limit: Int = 1 << 20
  ) {
    self.method = method
    self.url = url
    self.headers = headers
    self.body = body
    self.connectTimeout = connectTimeout
    self.timeout = timeout
    self.limit = limit
  }
}

/// An answer whose body lies in memory.
package struct HTTPAnswer: Sendable {
  package var status: Int
  package var headers: HTTPHeaders
  package var body: [UInt8]

  package init(status: Int, headers: HTTPHeaders = HTTPHeaders(), body: [UInt8] = []) {
    self.status = status
    self.headers = headers
    self.body = body
  }
}

/// The headers of an answer; names are found in any case.
package struct HTTPHeaders: Sendable, Equatable {
  private var values: [String: String] = [:]

  package init(_ pairs: [(name: String, value: String)] = []) {
    for pair in pairs { self[pair.name] = pair.value }
  }

  package subscript(_ name: String) -> String? {
    get { values[name.lowercased()] }
    set { values[name.lowercased()] = newValue }
  }
}
