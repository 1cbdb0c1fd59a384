import Bytes
import CCurl
import Glibc

/// A handle of libcurl with the connections that it keeps: one transfer at a time.
///
/// Handles share nothing with each other, so none ever waits for another's lock.
final class CurlHandle: @unchecked Sendable {
  /// Large enough that a pack needs few system calls, small enough that many handles cost little.
  private static let bufferSize = 1 << 18
  /// Whether libcurl is ready; asking starts it, once.
  private static let isReady = curl_start() == CURLE_OK

  private let handle: UnsafeMutableRawPointer
  private let errorText: UnsafeMutablePointer<CChar>

  init() throws(Failure) {
    guard CurlHandle.isReady, let handle = curl_easy_init() else {
      throw Failure(.defect, "libcurl does not start")
    }
    self.handle = handle
    errorText = .allocate(capacity: Int(CURL_ERROR_SIZE))
    errorText.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
  }

  deinit {
    curl_easy_cleanup(handle)
    errorText.deallocate()
  }

  /// Sends a request and waits for the whole answer, whatever its status, into the transfer.
  ///
  /// - Throws: what `CurlProblem` makes of a failed transfer; the reason of the stop once the run stops.
  func perform(_ request: WireRequest, _ transfer: CurlTransfer) throws(Failure) {
    var list: UnsafeMutablePointer<curl_slist>?
    defer { curl_slist_free_all(list) }
    for line in CurlHandle.lines(request) {
      guard let longer = curl_slist_append(list, line) else { throw Failure(.defect, "libcurl has no memory left") }
      list = longer
    }
    curl_easy_reset(handle)
    errorText[0] = 0
    setAddress(request)
    setPatience(request)
    setBody(request)
    curl_set_list(handle, CURLOPT_HTTPHEADER, list)
    let code = withExtendedLifetime(transfer) {
      setCallbacks(Unmanaged.passUnretained(transfer).toOpaque())
      return curl_easy_perform(handle)
    }
    if transfer.isSatisfied || (code == CURLE_OK && transfer.isHeadWhole) { return }
    if let failure = transfer.failure { throw failure }
    // The refusal is what matters, even if the connection broke behind it.
    if transfer.status >= 300, transfer.isHeadWhole { return }
    throw CurlProblem.failure(
      code == CURLE_OK ? CURLE_PARTIAL_FILE : code, String(cString: errorText), request, wasSent: transfer.requests > 0)
  }

  private func setAddress(_ request: WireRequest) {
    curl_set_text(handle, CURLOPT_URL, request.url)
    curl_set_long(handle, CURLOPT_PATH_AS_IS, 1)
    curl_set_text(handle, CURLOPT_PROTOCOLS_STR, "http,https")
    // One connection a thread: streams of one connection would share its window.
    curl_set_long(handle, CURLOPT_HTTP_VERSION, CurlHandle.http11)
    curl_set_text(handle, CURLOPT_USERAGENT, "lifeboat")
    curl_set_long(handle, CURLOPT_TCP_KEEPALIVE, 1)
    curl_set_long(handle, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1)
    // No proxy for any host, or what the environment says.
    if request.avoidsProxies { curl_set_text(handle, CURLOPT_NOPROXY, "*") }
    if let file = request.caFile {
      curl_set_text(handle, CURLOPT_CAINFO, file)
      // Else the system's certificates would be trusted as well.
      curl_set_text(handle, CURLOPT_CAPATH, nil)
    }
  }

  private func setPatience(_ request: WireRequest) {
    curl_set_long(handle, CURLOPT_NOSIGNAL, 1)
    curl_set_long(handle, CURLOPT_CONNECTTIMEOUT_MS, request.patience.connect)
    curl_set_long(handle, CURLOPT_TIMEOUT_MS, request.patience.total)
    if request.patience.stall > 0 {
      curl_set_long(handle, CURLOPT_LOW_SPEED_LIMIT, 1)
      curl_set_long(handle, CURLOPT_LOW_SPEED_TIME, request.patience.stall)
    }
  }

  private func setBody(_ request: WireRequest) {
    curl_set_long(handle, CURLOPT_BUFFERSIZE, CurlHandle.bufferSize)
    if request.hasBody {
      curl_set_long(handle, CURLOPT_UPLOAD, 1)
      curl_set_long(handle, CURLOPT_UPLOAD_BUFFERSIZE, CurlHandle.bufferSize)
      // Without a size it would go out in chunks, which few stores take.
      curl_set_offset(handle, CURLOPT_INFILESIZE_LARGE, request.body.count)
    }
    if request.method == "HEAD" { curl_set_long(handle, CURLOPT_NOBODY, 1) }
    curl_set_text(handle, CURLOPT_CUSTOMREQUEST, request.method)
  }

  private func setCallbacks(_ transfer: UnsafeMutableRawPointer) {
    curl_set_pointer(handle, CURLOPT_ERRORBUFFER, errorText)
    curl_set_data_function(handle, CURLOPT_WRITEFUNCTION, CurlCallbacks.write)
    curl_set_pointer(handle, CURLOPT_WRITEDATA, transfer)
    curl_set_data_function(handle, CURLOPT_HEADERFUNCTION, CurlCallbacks.header)
    curl_set_pointer(handle, CURLOPT_HEADERDATA, transfer)
    curl_set_data_function(handle, CURLOPT_READFUNCTION, CurlCallbacks.read)
    curl_set_pointer(handle, CURLOPT_READDATA, transfer)
    curl_set_seek_function(handle, CurlCallbacks.seek)
    curl_set_pointer(handle, CURLOPT_SEEKDATA, transfer)
    curl_set_before_request_function(handle, CurlCallbacks.beforeRequest)
    curl_set_pointer(handle, CURLOPT_PREREQDATA, transfer)
    curl_set_progress_function(handle, CurlCallbacks.progress)
    curl_set_pointer(handle, CURLOPT_XFERINFODATA, transfer)
    curl_set_long(handle, CURLOPT_NOPROGRESS, 0)
  }

  /// The number of HTTP/1.1, an enumerator without a type of its own.
  private static let http11 = Int(CURL_HTTP_VERSION_1_1)

  /// The headers as lines. An empty `Expect` keeps libcurl from adding its own.
  private static func lines(_ request: WireRequest) -> [String] {
    request.headers.map { "\($0.name): \($0.value)" }
      + [request.expectsContinue ? "Expect: 100-continue" : "Expect:"]
  }
}
