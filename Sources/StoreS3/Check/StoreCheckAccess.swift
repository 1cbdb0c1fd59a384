import Bytes
import Pipeline

extension StoreCheck {
  /// Whether the store answers these credentials at all, and what time it is there.
  func checkAccess() throws(Failure) {
    let list = S3Request(
      "GET", query: [("list-type", "2"), ("prefix", canaries.folder), ("max-keys", "1")])
    let watch = Stopwatch()
    let answer = try requests.ask(list)
    report.server = answer.headers["server"] ?? ""
    if CheckRequests.right(answer) == nil || StoreCheck.isAboutCredentials(answer) {
      throw store.client.failure(of: answer, "the store cannot be checked", list)
    }
    let isEncrypted = store.client.settings.endpoint.scheme == "https"
    let scheme = isEncrypted ? "encrypted on the way (TLS)" : "not encrypted on the way (http)"
    find(.access, "answers", .yes, "\(scheme), \(watch.nanoseconds / 1_000_000) ms for the first request")
    report.facts.mayList = CheckRequests.right(answer)
    find(.rights, "list", report.facts.mayList, report.facts.mayList == true ? "" : CheckRequests.words(answer))
    checkClock(answer)
  }

  private func checkClock(_ answer: S3Answer) {
    guard let date = answer.headers["date"].flatMap({ SigningTime.ofHeader($0) }) else {
      return find(.access, "clocks agree", .unclear, "the store does not tell its time")
    }
    let skew = Int64(clamping: date) - Int64(clamping: WallClock.now())
    report.facts.skew = skew
    let seconds = Int64((Double(skew) / 1e9).rounded())
    // The header has whole seconds, cut off.
    let isClose = (-61...60).contains(seconds)
    let words =
      abs(seconds) <= 1 ? "to the second" : "the store's is \(abs(seconds)) s \(seconds > 0 ? "ahead" : "behind")"
    find(.access, "clocks agree", isClose, words)
  }

  /// Nothing further can be found out with these credentials.
  private static func isAboutCredentials(_ answer: S3Answer) -> Bool {
    [
      "InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken", "InvalidToken", "RequestTimeTooSkewed",
      "AuthorizationHeaderMalformed", "TokenRefreshRequired",
    ].contains(answer.error.code)
  }

  /// What the bucket is set to, as far as these credentials may ask.
  func checkVersioning() throws(Failure) {
    let versioning = try requests.ask(S3Request("GET", query: [("versioning", "")]))
    if versioning.isSuccess {
      let state = CheckDocument.value("Status", in: versioning.body) ?? "never switched on"
      report.facts.keepsVersions = state == "Enabled"
      find(.versions, "bucket keeps versions", state == "Enabled", state)
    } else {
      find(.versions, "bucket keeps versions", .unclear, "the bucket's settings: \(CheckRequests.words(versioning))")
    }
    let lock = try requests.ask(S3Request("GET", query: [("object-lock", "")]))
    if lock.isSuccess, CheckDocument.value("ObjectLockEnabled", in: lock.body) == "Enabled" {
      let mode = CheckDocument.value("Mode", in: lock.body)
      report.facts.defaultLock = mode.flatMap { S3Lock.Mode(rawValue: $0) }
      find(.locks, "bucket is made for locks", .yes, CheckDocument.defaultRetention(mode, in: lock.body))
    } else if lock.isSuccess || lock.status == 404 || lock.status == 501 || lock.status == 400 {
      find(.locks, "bucket is made for locks", .no, lock.isSuccess ? "" : CheckRequests.words(lock))
    } else {
      find(.locks, "bucket is made for locks", .unclear, "the bucket's settings: \(CheckRequests.words(lock))")
    }
  }
}

/// Single values of the small documents that tell a bucket's settings.
enum CheckDocument {
  /// The text of the first element of this name.
  static func value(_ name: String, in document: [UInt8]) -> String? {
    var reader = XMLReader(document)
    while let token = try? reader.next() {
      if token == .start(name) { return try? reader.element() }
    }
    return nil
  }

  /// The lock of objects that come without one, in words.
  static func defaultRetention(_ mode: String?, in document: [UInt8]) -> String {
    guard let mode else { return "no lock by default" }
    let days = value("Days", in: document).map { "\($0) d" }
    let years = value("Years", in: document).map { "\($0) y" }
    return "new objects are locked by default: \(mode.lowercased()), \(days ?? years ?? "for some time")"
  }
}
