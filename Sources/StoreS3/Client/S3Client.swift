package import Bytes
import Cryptography
package import Pipeline
package import Store
import Synchronization

/// Sends signed requests about one bucket.
///
/// It mends what it alone can mend, once for each request: a wrong clock, credentials that have ended. Everything else
/// is for the caller to judge. Any number of threads may use it; each gets a connection of its own.
package final class S3Client: Sendable {
  /// Bodies from this size on are worth a round trip in which the store may refuse them.
  private static let worthAsking = 1 << 20

  package let settings: S3Settings
  private let credentials: any CredentialsProvider
  private let stop: StopSignal
  private let notices: NoticeSink
  private let signer: S3Signer
  private let clock: S3Clock
  private let pool = CurlPool()
  /// The last put was taken: the next need not ask first.
  private let isTrusted = Atomic<Bool>(false)
  private let isClockSaid = Atomic<Bool>(false)

  /// Connects to nothing yet.
  ///
  /// - Parameters: as for `S3Store`
  /// - Throws: `usage` for settings that make no sense.
  package init(
    _ settings: S3Settings, credentials: any CredentialsProvider, stop: StopSignal, notices: @escaping NoticeSink,
    clock: @escaping @Sendable () -> UInt64 = WallClock.now
  ) throws(Failure) {
    try settings.check()
    self.settings = settings
    self.credentials = credentials
    self.stop = stop
    self.notices = notices
    self.clock = S3Clock(clock)
    quirks = S3Quirks.of(host: settings.endpoint.host)
    signer = S3Signer(region: settings.region)
  }

  /// What the table knows of this store.
  package let quirks: S3Quirks

  /// Nanoseconds since the epoch by the store's clock, as far as it is known.
  package var now: UInt64 { clock.now() }

  /// The key of an object of the store.
  package func key(of path: String) -> String { settings.prefix.isEmpty ? path : "\(settings.prefix)/\(path)" }

  /// A place for failures and notices: `s3://bucket/key`.
  package func place(_ key: String?) -> String { "s3://\(settings.bucket)" + (key.map { "/\($0)" } ?? "") }

  /// Sends a request and waits for the whole answer, whatever its status.
  ///
  /// - Parameters:
  ///   - request: what to ask for
  ///   - body: what goes along with a `PUT` or `POST`; read in place
  ///   - digest: its SHA-256, where that is known
  ///   - target: where the answer's body goes
  /// - Throws: `storeUnavailable` with advice to try again where no whole answer came; what the credentials' source
  ///   throws; the reason of the stop once the run stops.
  package func send(
    _ request: S3Request, body: UnsafeRawBufferPointer = UnsafeRawBufferPointer(start: nil, count: 0),
    digest: Name? = nil, into target: AnswerTarget = .memory(limit: 1 << 20)
  ) throws(Failure) -> S3Answer {
    let digest = digest ?? (body.isEmpty ? S3Signer.emptyBody : ObjectDigest.name(of: body))
    var mended: Set<Mend> = []
    while true {
      try stop.check()
      let keys = try credentials.credentials()
      let correction = clock.correction
      let answer = try exchange(request, body, digest, target, keys)
      guard !answer.isSuccess, let mend = mend(answer, keys, correction), mended.insert(mend).inserted else {
        return answer
      }
    }
  }

  // MARK: - One exchange

  private func exchange(
    _ request: S3Request, _ body: UnsafeRawBufferPointer, _ digest: Name, _ target: AnswerTarget,
    _ keys: S3Credentials
  ) throws(Failure) -> S3Answer {
    let wire = wire(request, body, digest, keys)
    let transfer = CurlTransfer(wire, target: target, stop: stop)
    do throws(Failure) {
      try pool.withHandle { (handle) throws(Failure) in try handle.perform(wire, transfer) }
    } catch {
      if wire.hasBody { isTrusted.store(false, ordering: .relaxed) }
      throw stop.isStopped ? error : error.within(place(request.key))
    }
    let isSuccess = (200..<300).contains(transfer.status)
    if wire.hasBody { isTrusted.store(isSuccess, ordering: .relaxed) }
    var name: Name?
    if case .digest = target, isSuccess { name = transfer.name }
    return S3Answer(
      status: transfer.status, headers: transfer.headers, body: transfer.memory, count: transfer.received,
      digest: name, isDelimited: transfer.isDelimited, wasRepeated: transfer.requests > 1)
  }

  private func wire(
    _ request: S3Request, _ body: UnsafeRawBufferPointer, _ digest: Name, _ keys: S3Credentials
  ) -> WireRequest {
    let endpoint = settings.endpoint
    let host = endpoint.hostHeader(bucket: settings.bucket)
    let path = endpoint.path(bucket: settings.bucket, key: request.key)
    let query = RequestEncoding.query(request.query)
    let signed = signer.sign(
      S3Signer.Target(method: request.method, host: host, path: path, query: query), headers: request.headers,
      body: digest, with: keys, at: clock.now())
    var wire = WireRequest(
      request.method, "\(endpoint.scheme)://\(host)\(path)\(query.isEmpty ? "" : "?\(query)")",
      headers: request.headers + signed, body: body,
      patience: WireRequest.Patience(
        connect: settings.connectTimeout * 1000, stall: settings.stallTimeout, total: 0))
    wire.expectsContinue = body.count >= S3Client.worthAsking && !isTrusted.load(ordering: .relaxed)
    wire.caFile = settings.caFile
    wire.uploadLimit = settings.uploadLimit
    wire.downloadLimit = settings.downloadLimit
    return wire
  }

  // MARK: - Mending

  /// What can be put right between two tries of a request.
  private enum Mend: Hashable {
    case clock
    case credentials
  }

  /// Codes that mean, for temporary credentials, that new ones may do better.
  private static let ended: Set = [
    "ExpiredToken", "ExpiredTokenException", "InvalidToken", "TokenRefreshRequired", "InvalidAccessKeyId",
  ]

  /// What may have been the reason for a refusal and is now put right.
  private func mend(_ answer: S3Answer, _ keys: S3Credentials, _ correction: Int64) -> Mend? {
    guard answer.status == 400 || answer.status == 401 || answer.status == 403 else { return nil }
    // By the clocks and not by the code: stores have several for it, and answers to HEAD have none.
    if let date = answer.headers["date"], clock.correct(toHeader: date, before: correction) {
      say(clockOff: clock.correction)
      return .clock
    }
    let isTemporary = keys.sessionToken != nil || keys.expiry != nil
    let code = answer.error.code
    guard isTemporary, S3Client.ended.contains(code) || (code.isEmpty && isOver(keys)) else { return nil }
    credentials.discard(keys)
    return .credentials
  }

  private func isOver(_ keys: S3Credentials) -> Bool { keys.expiry.map { $0 <= clock.now() } ?? false }

  private func say(clockOff correction: Int64) {
    // Threads whose requests were under way find it out together.
    guard !isClockSaid.exchange(true, ordering: .relaxed) else { return }
    let side = correction > 0 ? "behind" : "ahead of"
    notices(.degraded("the clock of this host is \(abs(correction) / 1_000_000_000) s \(side) the store's"))
  }
}
