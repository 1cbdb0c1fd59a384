import Bytes
import Cryptography
import Glibc
import Pipeline
import StoreS3
import Synchronization
import TestKit
import Testing

/// Hands out numbered credentials that last as long as told.
private final class NumberedSource: CredentialsSource {
  let looks = Counter()
  let failure = Mutex<Failure?>(nil)
  private let clock: TestClock
  private let seconds: UInt64?
  private let whileLooking: @Sendable () -> Void

  init(_ clock: TestClock, lasting seconds: UInt64?, whileLooking: @escaping @Sendable () -> Void = {}) {
    self.clock = clock
    self.seconds = seconds
    self.whileLooking = whileLooking
  }

  func look() throws(Failure) -> CredentialsFinding {
    let number = looks.add()
    whileLooking()
    if let failure = failure.withLock({ $0 }) { throw failure }
    let expiry = seconds.map { clock.now() + $0 * 1_000_000_000 }
    return .found(
      S3Credentials(
        accessKey: "K\(number)", secret: Secret(copying: [1]), sessionToken: nil, expiry: expiry, source: "a test"))
  }
}

@Suite("Credentials are renewed before they end")
struct RefreshingCredentialsTests {
  private let clock = TestClock(seconds: 1_800_000_000)

  @Test("credentials without an end are fetched once")
  func lasting() throws {
    let source = NumberedSource(clock, lasting: nil)
    let credentials = RefreshingCredentials(source, clock: clock.now)
    for _ in 0..<5 {
      #expect(try credentials.credentials().accessKey == "K1")
      clock.advance(seconds: 100_000)
    }
    #expect(source.looks.value == 1)
  }

  @Test("new ones are fetched five minutes before the end, and not earlier")
  func early() throws {
    let source = NumberedSource(clock, lasting: 3600)
    let credentials = RefreshingCredentials(source, clock: clock.now)
    #expect(try credentials.credentials().accessKey == "K1")
    clock.advance(seconds: 3299)
    #expect(try credentials.credentials().accessKey == "K1")
    clock.advance(seconds: 1)
    #expect(try credentials.credentials().accessKey == "K2")
    #expect(try credentials.credentials().accessKey == "K2")
    #expect(source.looks.value == 2)
  }

  @Test("short ones are renewed at half of their time")
  func short() throws {
    let source = NumberedSource(clock, lasting: 120)
    let credentials = RefreshingCredentials(source, clock: clock.now)
    #expect(try credentials.credentials().accessKey == "K1")
    clock.advance(seconds: 59)
    #expect(try credentials.credentials().accessKey == "K1")
    clock.advance(seconds: 1)
    #expect(try credentials.credentials().accessKey == "K2")
  }

  @Test("while one thread renews, others go on with the old; nobody fetches twice")
  func quietly() throws {
    let gate = StopSignal()
    let isLooking = Counter()
    let source = NumberedSource(clock, lasting: 3600) {
      if isLooking.add() == 2 { while !gate.isStopped { sched() } }
    }
    let credentials = RefreshingCredentials(source, clock: clock.now)
    _ = try credentials.credentials()
    clock.advance(seconds: 3400)
    let got = Mutex("")
    let renewing = Threads.run(named: "renewing") {
      let key = try? credentials.credentials().accessKey
      got.withLock { $0 = key ?? "" }
    }
    while isLooking.value < 2 { sched() }
    for _ in 0..<3 { #expect(try credentials.credentials().accessKey == "K1") }
    gate.stop(because: Failure(.interrupted, "go on"))
    renewing.join()
    #expect(got.withLock { $0 } == "K2")
    #expect(try credentials.credentials().accessKey == "K2")
    #expect(source.looks.value == 2)
  }

  @Test("where the old have ended, all wait for one fetch and share what it brings")
  func together() throws {
    let gate = StopSignal()
    let source = NumberedSource(clock, lasting: 3600) { while !gate.isStopped { sched() } }
    let credentials = RefreshingCredentials(source, clock: clock.now)
    let keys = Mutex<[String]>([])
    let begun = Counter()
    let threads = (0..<8).map { _ in
      Threads.run(named: "waiting") {
        begun.add()
        let key = try? credentials.credentials().accessKey
        keys.withLock { $0.append(key ?? "none") }
      }
    }
    while begun.value < 8 || source.looks.value < 1 { sched() }
    gate.stop(because: Failure(.interrupted, "go on"))
    for thread in threads { thread.join() }
    #expect(keys.withLock { $0 } == Array(repeating: "K1", count: 8))
    #expect(source.looks.value == 1)
  }

  @Test("a failed renewal goes unnoticed as long as the old are good, and is tried again after a while")
  func failedRenewal() throws {
    let source = NumberedSource(clock, lasting: 3600)
    let credentials = RefreshingCredentials(source, clock: clock.now)
    _ = try credentials.credentials()
    source.failure.withLock { $0 = Failure(.storeDenied, "the vault is shut", at: "a vault") }
    clock.advance(seconds: 3400)
    for _ in 0..<5 { #expect(try credentials.credentials().accessKey == "K1") }
    #expect(source.looks.value == 2)
    clock.advance(seconds: 31)
    #expect(try credentials.credentials().accessKey == "K1")
    #expect(source.looks.value == 3)
    clock.advance(seconds: 200)
    let error = try #require(failure { _ = try credentials.credentials() })
    #expect(error.code == .storeUnavailable)
    #expect(error.retry != nil)
    #expect(error.what.contains("the vault is shut"))
    #expect(error.place == "a vault")
    source.failure.withLock { $0 = nil }
    #expect(try credentials.credentials().accessKey == "K5")
  }

  @Test("before there ever were any, a failure is what it is")
  func neverAny() throws {
    let source = NumberedSource(clock, lasting: 3600)
    source.failure.withLock { $0 = Failure(.storeDenied, "no credentials") }
    let credentials = RefreshingCredentials(source, clock: clock.now)
    let error = try #require(failure { _ = try credentials.credentials() })
    #expect(error.code == .storeDenied)
    #expect(error.retry == nil)
  }

  @Test("what the store no longer takes is fetched anew, but only once for those who say the same")
  func discarding() throws {
    let source = NumberedSource(clock, lasting: nil)
    let credentials = RefreshingCredentials(source, clock: clock.now)
    let first = try credentials.credentials()
    credentials.discard(first)
    #expect(try credentials.credentials().accessKey == "K2")
    credentials.discard(first)
    #expect(try credentials.credentials().accessKey == "K2")
    #expect(source.looks.value == 2)
  }

  @Test("credentials that our clock holds for ended are used for a minute: the clock may be wrong")
  func wrongClock() throws {
    let late = TestClock(seconds: 1_800_100_000)
    let source = NumberedSource(clock, lasting: 3600)
    let credentials = RefreshingCredentials(source, clock: late.now)
    #expect(try credentials.credentials().accessKey == "K1")
    #expect(try credentials.credentials().accessKey == "K1")
    late.advance(seconds: 60)
    #expect(try credentials.credentials().accessKey == "K2")
  }
}

/// Lets others run.
private func sched() { usleep(200) }
