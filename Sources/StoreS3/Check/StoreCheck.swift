package import Bytes
import Cryptography
package import Pipeline
package import Store

/// How a store is checked.
package struct StoreCheckRequest: Sendable {
  /// Where the canaries go, in the store.
  package var folder = "canary"
  /// How many objects the listing is tried with; more than a thousand, for that is a page.
  package var keys = 1050
  /// For how long canaries are locked: long enough to try all of it, short enough to wait for.
  package var lockSeconds: UInt64 = 20
  /// Tries nothing that takes long: no long listing, no throughput.
  package var isQuick = false
  /// Tries also what leaves objects behind that these credentials cannot remove.
  package var mayLeaveObjects = false

  package init() {}

  /// The folder for credentials that may only write where one writer's packs lie.
  package static func folder(ofWriter identifier: Identifier) -> String { "writers/\(identifier.hex)/packs/canary" }
}

/// Measures a bucket: what the store does, what these credentials may do, how fast it is.
///
/// It is no simulation of lifeboat's own calls, which hide faults: it asks with bare requests, also with wrong ones,
/// and only ever about objects that it has just written itself.
package final class StoreCheck {
  let request: StoreCheckRequest
  let store: S3Store
  let requests: CheckRequests
  let canaries: Canaries
  var report: StoreCheckReport
  /// The canaries can be removed without a trace: then many and large ones may be written.
  var isCleanable = false
  /// When the last lock on a canary ends, by the store's clock, in nanoseconds since the epoch.
  var lockedUntil: UInt64 = 0
  private let credentials: any CredentialsProvider
  private let settings: S3Settings
  /// Nanoseconds for cleaning up after a run that was stopped.
  private static let hurry: UInt64 = 15_000_000_000

  /// Checks a store.
  ///
  /// - Parameters:
  ///   - settings: the bucket; its lock is left out of account, for locked canaries would stay
  ///   - credentials: whose rights are looked at
  ///   - request: how far to go
  ///   - stop: the signal of the run; canaries are taken away even then
  ///   - notices: hears what the driver has to say
  ///   - onStep: hears what begins
  /// - Throws: `storeMissing` for a bucket that isn't there, `storeDenied` for credentials that the store does not
  ///   know, `storeUnavailable` where it does not answer
  package static func run(
    _ settings: S3Settings, credentials: any CredentialsProvider, _ request: StoreCheckRequest = StoreCheckRequest(),
    stop: StopSignal, notices: @escaping NoticeSink, onStep: (String) -> Void
  ) throws(Failure) -> StoreCheckReport {
    let check = try StoreCheck(settings, credentials, request, stop, notices)
    do throws(Failure) {
      try check.run(onStep)
    } catch {
      // A run that was stopped still cleans up, with a signal of its own, and not for long.
      let late = Failure(.storeUnavailable, "the store did not answer in time")
      _ = try? InnerStop.run(within: StopSignal(), for: StoreCheck.hurry, late: late) { (own) throws(Failure) in
        try check.sweep(stop: own, isHurried: true)
      }
      throw error
    }
    return check.report
  }

  private init(
    _ settings: S3Settings, _ credentials: any CredentialsProvider, _ request: StoreCheckRequest, _ stop: StopSignal,
    _ notices: @escaping NoticeSink
  ) throws(Failure) {
    var settings = settings
    settings.lock = nil
    self.settings = settings
    self.credentials = credentials
    self.request = request
    store = try S3Store(settings, credentials: credentials, stop: stop, notices: notices)
    requests = CheckRequests(store.client, stop: stop)
    let folder = "\(request.folder)/\(Identifier.random().hex)/"
    canaries = Canaries(store.client.key(of: folder), headers: store.newObjectHeaders, requests)
    report = StoreCheckReport(
      store: store.description, endpoint: settings.endpoint.url, region: settings.region)
    report.folder = folder
    report.facts.isExposed = settings.endpoint.scheme == "http" && !settings.endpoint.isLoopback
  }

  private func run(_ onStep: (String) -> Void) throws(Failure) {
    onStep("access")
    let keys = try credentials.credentials()
    (report.accessKey, report.source) = (keys.accessKey, keys.source)
    try checkAccess()
    try checkVersioning()
    onStep("objects")
    guard try checkFirstPut() else { return }
    try checkRanges()
    try checkOverwriting()
    try checkDeleting()
    onStep("integrity")
    try checkDigests()
    try checkWriteOnce()
    onStep("locks")
    try checkLocks()
    onStep("listing")
    try checkListing()
    onStep("speed")
    try checkSpeed()
    onStep("cleaning up")
    report.left = try sweep(stop: nil, isHurried: false)
  }

  /// Takes the canaries away.
  ///
  /// - Parameters:
  ///   - stop: another signal for it, where that of the run has been used up
  ///   - isHurried: does not wait for locks to end
  private func sweep(stop: StopSignal?, isHurried: Bool) throws(Failure) -> Int {
    var broom = requests
    if let stop {
      let client = try S3Client(settings, credentials: credentials, stop: stop) { _ in }
      broom = CheckRequests(client, stop: stop)
    }
    let left = canaries.remove(with: broom, threads: 8)
    guard left > 0, isCleanable, !isHurried, lockedUntil > 0 else { return left }
    let now = store.client.now
    if lockedUntil > now { try requests.wait(milliseconds: Int32(clamping: (lockedUntil - now) / 1_000_000 + 1500)) }
    return canaries.remove(with: broom, threads: 8)
  }

  func find(
    _ topic: StoreFinding.Topic, _ name: String, _ result: StoreFinding.Result, _ detail: String = ""
  ) {
    report.findings.append(StoreFinding(topic, name, result, detail))
  }

  /// A finding of a question that is answered, or not.
  func find(_ topic: StoreFinding.Topic, _ name: String, _ answer: Bool?, _ detail: String = "") {
    find(topic, name, answer.map { $0 ? .yes : .no } ?? .unclear, detail)
  }
}
