package import Bytes
package import Pipeline

/// Small requests over libcurl.
package final class CurlExchange: HTTPExchange {
  private let stop: StopSignal
  private let caFile: String?
  private let pool = CurlPool()

  /// - Parameters:
  ///   - caFile: certificates (PEM) that alone are trusted; nil for the system's
  ///   - stop: ends waiting
  package init(caFile: String? = nil, stop: StopSignal) {
    self.stop = stop
    self.caFile = caFile
  }

  package func send(_ request: HTTPRequest) throws(Failure) -> HTTPAnswer {
    try stop.check()
    return try request.body.withUnsafeBufferPointer { (body) throws(Failure) in
      try send(request, UnsafeRawBufferPointer(body))
    }
  }

  private func send(_ request: HTTPRequest, _ body: UnsafeRawBufferPointer) throws(Failure) -> HTTPAnswer {
    let patience = WireRequest.Patience(
      connect: Int(request.connectTimeout * 1000), stall: 0, total: Int(request.timeout * 1000))
    var wire = WireRequest(request.method, request.url, headers: request.headers, body: body, patience: patience)
    wire.caFile = caFile
    wire.avoidsProxies = request.isDirect
    let transfer = CurlTransfer(wire, target: .memory(limit: request.limit), stop: stop)
    try pool.withHandle { (handle) throws(Failure) in try handle.perform(wire, transfer) }
    return HTTPAnswer(status: transfer.status, headers: transfer.headers, body: transfer.memory)
  }
}
