import Bytes
import CCurl

/// What a transfer that failed without an answer means.
enum CurlProblem {
  /// One line of the table: what libcurl says, and what we make of it.
  private struct Rule: Sendable {
    let code: CURLcode
    let what: String
    var next = ""
    /// Another try may succeed.
    var isTransient = true
    /// The fault lies in what somebody wrote.
    var isUsage = false
  }

  private static let wrongCertificate =
    "Check the address; for a certificate of your own name its authority's file as ca-file."

  private static let rules: [Rule] = [
    Rule(code: CURLE_COULDNT_RESOLVE_HOST, what: "the host of the store is not known", next: "Check its name."),
    Rule(code: CURLE_COULDNT_RESOLVE_PROXY, what: "the proxy's host is not known", next: "Check its name."),
    Rule(code: CURLE_COULDNT_CONNECT, what: "cannot connect to the store"),
    Rule(code: CURLE_OPERATION_TIMEDOUT, what: "the store does not answer in time"),
    Rule(code: CURLE_GOT_NOTHING, what: "the store ended the connection without an answer"),
    Rule(code: CURLE_SEND_ERROR, what: "the connection broke while sending"),
    Rule(code: CURLE_RECV_ERROR, what: "the connection broke while receiving"),
    Rule(code: CURLE_PARTIAL_FILE, what: "the answer ended early"),
    Rule(code: CURLE_WEIRD_SERVER_REPLY, what: "the store answers something that is no HTTP"),
    Rule(code: CURLE_BAD_CONTENT_ENCODING, what: "the answer is encoded in a way that was not asked for"),
    Rule(code: CURLE_SSL_CONNECT_ERROR, what: "no secure connection to the store"),
    Rule(
      code: CURLE_PEER_FAILED_VERIFICATION, what: "the store cannot prove who it is", next: wrongCertificate,
      isTransient: false),
    Rule(
      code: CURLE_SSL_ISSUER_ERROR, what: "the store cannot prove who it is", next: wrongCertificate,
      isTransient: false),
    Rule(
      code: CURLE_SSL_CACERT_BADFILE, what: "the file of trusted certificates cannot be used",
      next: "Check ca-file, or the variable AWS_CA_BUNDLE.", isTransient: false, isUsage: true),
    Rule(
      code: CURLE_URL_MALFORMAT, what: "the address of the store makes no sense", next: "Check the endpoint.",
      isTransient: false, isUsage: true),
    Rule(
      code: CURLE_UNSUPPORTED_PROTOCOL, what: "the address of the store makes no sense", next: "Check the endpoint.",
      isTransient: false, isUsage: true),
    Rule(code: CURLE_OUT_OF_MEMORY, what: "libcurl has no memory left", isTransient: false),
    Rule(code: CURLE_PROXY, what: "the proxy refuses", next: "Check the proxy variables.", isTransient: false),
  ]

  /// - Parameters:
  ///   - code: what `curl_easy_perform` returned
  ///   - detail: libcurl's own words; they name hosts and ports, and nothing of what was sent
  ///   - request: what was asked for
  ///   - wasSent: the request went out: it may have been done
  static func failure(_ code: CURLcode, _ detail: String, _ request: WireRequest, wasSent: Bool) -> Failure {
    let words = detail.isEmpty ? String(cString: curl_easy_strerror(code)) : detail
    // Nobody speaks TLS there: that stays so.
    if code == CURLE_SSL_CONNECT_ERROR, words.contains("wrong version number") || words.contains("unknown protocol") {
      return Failure(
        .storeUnavailable, "the store speaks no TLS here: \(words)", at: host(request),
        next: "Write http:// instead of https:// if it is to be spoken to in the clear.")
    }
    // Said of an answer without a head, too; our own addresses are checked before.
    let code = code == CURLE_UNSUPPORTED_PROTOCOL && wasSent ? CURLE_WEIRD_SERVER_REPLY : code
    let rule = rules.first { $0.code == code } ?? Rule(code: code, what: "the request failed")
    let mayBeDone = wasSent && request.method != "GET" && request.method != "HEAD"
    return Failure(
      rule.isUsage ? .usage : .storeUnavailable, "\(rule.what): \(words)", at: host(request), next: rule.next,
      retry: rule.isTransient ? RetryAdvice(mayBeDone: mayBeDone) : nil)
  }

  /// Scheme, host and port of the address; the rest could hold what is nobody's business.
  private static func host(_ request: WireRequest) -> String {
    request.url.split(separator: "/", maxSplits: 3, omittingEmptySubsequences: false).prefix(3).joined(separator: "/")
  }
}
