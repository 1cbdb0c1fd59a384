package import Bytes

extension S3Client {
  /// What a refused request means for whoever asked.
  ///
  /// - Parameters:
  ///   - answer: the refusal
  ///   - what: what could not be done, such as `cannot store an object`
  ///   - request: what was asked for
  package func failure(of answer: S3Answer, _ what: String, _ request: S3Request) -> Failure {
    let error = answer.error
    let rule = S3FaultRule.of(status: answer.status, code: error.code)
    return Failure(
      rule.meaning.code, "\(what): \(explanation(rule, answer.status, error))", at: place(request.key),
      next: next(rule, answer, error), retry: advice(rule, answer, request))
  }

  /// Our words, and then the store's, for only it knows which of its rules it went by.
  private func explanation(_ rule: S3FaultRule, _ status: Int, _ error: S3Error) -> String {
    let said = [error.code, error.message].filter { !$0.isEmpty }.joined(separator: ": ")
    return said.isEmpty ? "\(rule.what) (\(status))" : "\(rule.what) (\(status) \(said))"
  }

  private func next(_ rule: S3FaultRule, _ answer: S3Answer, _ error: S3Error) -> String {
    let region = error.region.isEmpty ? answer.headers["x-amz-bucket-region"] ?? "" : error.region
    guard rule.isAboutPlace, !region.isEmpty, region != settings.region else { return rule.next }
    return "Set the region to \(region)."
  }

  private func advice(_ rule: S3FaultRule, _ answer: S3Answer, _ request: S3Request) -> RetryAdvice? {
    guard case .again(let isThrottled) = rule.meaning else { return nil }
    let after = answer.headers["retry-after"].flatMap { S3Client.delay($0, now: now) }
    // A gateway that gave up waiting, or a server that failed half way, may have done it.
    let mayBeDone = request.method != "GET" && request.method != "HEAD" && [500, 502, 504].contains(answer.status)
    return RetryAdvice(isThrottled: isThrottled, after: after, mayBeDone: mayBeDone)
  }

  /// The nanoseconds that a `Retry-After` header asks for: seconds, or a date. An hour at most.
  static func delay(_ header: String, now: UInt64) -> UInt64? {
    let hour: UInt64 = 3_600_000_000_000
    if let seconds = UInt64(header) { return min(seconds, 3600) * 1_000_000_000 }
    guard let date = SigningTime.ofHeader(header) else { return nil }
    return date > now ? min(date - now, hour) : 0
  }
}

/// One line of the table of refusals: by the code that the store named, else by the status.
struct S3FaultRule: Sendable {
  /// What it comes to.
  enum Meaning: Sendable, Equatable {
    case failed(Failure.Code)
    case again(isThrottled: Bool)

    var code: Failure.Code {
      switch self {
      case .failed(let code): code
      case .again: .storeUnavailable
      }
    }
  }

  let codes: Set<String>
  let statuses: Set<Int>
  let meaning: Meaning
  let what: String
  var next = ""
  /// It is about where the bucket is.
  var isAboutPlace = false

  static func of(status: Int, code: String) -> S3FaultRule {
    if !code.isEmpty, let rule = table.first(where: { $0.codes.contains(code) }) { return rule }
    if let rule = table.first(where: { $0.statuses.contains(status) }) { return rule }
    return status >= 500 ? serverFault : refusal
  }

  private static let serverFault = S3FaultRule(
    codes: [], statuses: [], meaning: .again(isThrottled: false), what: "the store has a fault of its own")
  private static let refusal = S3FaultRule(
    codes: [], statuses: [], meaning: .failed(.storeUnavailable), what: "the store refuses the request")

  private static let checkRights = "Check what the credentials may do; lifeboat key policy prints what they must."

  private static let table: [S3FaultRule] = [
    S3FaultRule(
      codes: ["NoSuchBucket"], statuses: [], meaning: .failed(.storeMissing), what: "there is no such bucket",
      next: "Check its name and the endpoint, or make the bucket."),
    S3FaultRule(
      codes: ["NoSuchKey", "NoSuchVersion", "NoSuchUpload"], statuses: [404], meaning: .failed(.storeMissing),
      what: "no such object"),
    S3FaultRule(
      codes: ["PreconditionFailed"], statuses: [412], meaning: .failed(.storeExists),
      what: "the object exists already"),
    S3FaultRule(
      codes: [
        "SlowDown", "ServiceUnavailable", "RequestLimitExceeded", "Throttling", "ThrottlingException",
        "TooManyRequests",
        "BandwidthLimitExceeded", "RequestThrottled",
      ],
      statuses: [429, 503], meaning: .again(isThrottled: true), what: "the store asks to slow down"),
    S3FaultRule(
      codes: ["NotImplemented"], statuses: [501], meaning: .failed(.storeUnavailable),
      what: "the store does not know such a request"),
    S3FaultRule(
      codes: ["InternalError", "OperationAborted", "ConditionalRequestConflict", "RequestTimeout"],
      statuses: [408, 409, 425, 500, 502, 504], meaning: .again(isThrottled: false),
      what: "the store cannot do it now"),
    S3FaultRule(
      codes: ["BadDigest", "InvalidDigest", "XAmzContentSHA256Mismatch", "IncompleteBody"], statuses: [],
      meaning: .again(isThrottled: false), what: "the store got other bytes than were sent"),
    S3FaultRule(
      codes: ["RequestTimeTooSkewed"], statuses: [], meaning: .failed(.storeDenied),
      what: "the clocks of this host and of the store differ", next: "Set the clock."),
    S3FaultRule(
      codes: ["ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired"], statuses: [],
      meaning: .failed(.storeDenied), what: "the credentials have ended", next: "Get new ones."),
    S3FaultRule(
      codes: ["InvalidAccessKeyId", "SignatureDoesNotMatch", "InvalidToken"], statuses: [401],
      meaning: .failed(.storeDenied), what: "the store does not take the credentials",
      next: "Check the access key and its secret."),
    S3FaultRule(
      codes: ["QuotaExceeded", "XMinioStorageFull", "ServiceQuotaExceeded", "InsufficientCapacity"], statuses: [507],
      meaning: .failed(.storeFull), what: "the store has no room left",
      next: "Make room, raise the quota, or prune snapshots that are no longer needed."),
    S3FaultRule(
      codes: ["InvalidObjectState"], statuses: [], meaning: .failed(.storeUnavailable),
      what: "the object lies in an archive class and cannot be read at once",
      next: "Restore it from the archive first."),
    S3FaultRule(
      codes: ["InvalidStorageClass"], statuses: [], meaning: .failed(.usage),
      what: "the store has no such storage class", next: "Check storage-class."),
    S3FaultRule(
      codes: [
        "AuthorizationHeaderMalformed", "PermanentRedirect", "TemporaryRedirect", "IllegalLocationConstraintException",
      ],
      statuses: [301, 302, 307, 308], meaning: .failed(.storeUnavailable), what: "the bucket is somewhere else",
      next: "Check the endpoint and the region.", isAboutPlace: true),
    S3FaultRule(
      codes: ["AccessDenied", "AllAccessDisabled", "AccountProblem", "NotSignedUp", "MethodNotAllowed"],
      statuses: [403, 405], meaning: .failed(.storeDenied), what: "the store denies it", next: checkRights),
  ]
}
