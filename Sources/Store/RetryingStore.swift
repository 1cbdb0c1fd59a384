package import Bytes
package import Pipeline
import Synchronization

/// Tries calls again whose failure may pass, for as long as its budget allows.
///
/// The store below says which failures those are (`Failure.retry`). All threads share what is known of an outage
/// (`Outage`); a call gives up once the outage, or its own row of failures, has lasted longer than the budget.
///
/// - A put whose answer was lost is looked for before it is put again: what is there with the right size is it.
/// - A read that failed is read again from its beginning; what had arrived counts for nothing.
/// - A listing goes on with the page that failed (`PagedStore`); where there are no pages it begins again, and passes
///   over what it has shown.
package final class RetryingStore: Store {
  /// How often one who waits looks whether the others were answered, or have given up, in nanoseconds.
  private static let glance: UInt64 = 500_000_000

  private let base: any Store
  private let policy: RetryPolicy
  private let stop: StopSignal
  private let notices: NoticeSink
  private let clock: any WaitingClock
  private let random: @Sendable (UInt64) -> UInt64
  private let outage = Mutex(Outage())

  /// - Parameters:
  ///   - base: the store whose calls are tried again
  ///   - policy: how often
  ///   - stop: ends every wait
  ///   - notices: hears of waits, and of their end
  ///   - clock: measures and waits
  ///   - random: a number from zero to the one given, both included
  package init(
    _ base: any Store, _ policy: RetryPolicy = RetryPolicy(), stop: StopSignal,
    notices: @escaping NoticeSink = { _ in }, clock: any WaitingClock = AwakeClock(),
    random: @escaping @Sendable (UInt64) -> UInt64 = { UInt64.random(in: 0...$0) }
  ) {
    self.base = base
    self.policy = policy
    self.stop = stop
    self.notices = notices
    self.clock = clock
    self.random = random
  }

  package var description: String { base.description }

  package var traits: StoreTraits { base.traits }

  package func put(_ path: StorePath, _ bytes: UnsafeRawBufferPointer, digest: Name?) throws(Failure) {
    var mayBeDone = false
    try repeating { () throws(Failure) in
      if mayBeDone, try isThere(path, size: bytes.count) { return }
      do throws(Failure) {
        try base.put(path, bytes, digest: digest)
      } catch {
        // It came through after all, later than we looked.
        if mayBeDone, error.code == .storeExists, try isThere(path, size: bytes.count) { return }
        if error.retry?.mayBeDone == true { mayBeDone = true }
        throw error
      }
    }
  }

  package func read(
    _ path: StorePath, _ range: Range<UInt64>?, into buffer: UnsafeMutableRawBufferPointer
  ) throws(Failure) -> Int {
    try repeating { () throws(Failure) in try base.read(path, range, into: buffer) }
  }

  package func size(of path: StorePath) throws(Failure) -> UInt64? {
    try repeating { () throws(Failure) in try base.size(of: path) }
  }

  package func list(_ prefix: String, _ each: (StoredObject) throws(Failure) -> Void) throws(Failure) {
    guard let paged = base as? any PagedStore else { return try listAnew(prefix, each) }
    var mark: String?
    repeat {
      let page = try repeating { [mark] () throws(Failure) in try paged.page(of: prefix, after: mark) }
      for object in page.objects { try each(object) }
      mark = page.next
    } while mark != nil
  }

  package func folders(in prefix: String) throws(Failure) -> [String] {
    try repeating { () throws(Failure) in try base.folders(in: prefix) }
  }

  package func findIntact(_ path: StorePath, digest: Name) throws(Failure) -> Bool {
    try repeating { () throws(Failure) in try base.findIntact(path, digest: digest) }
  }

  package func delete(_ path: StorePath) throws(Failure) {
    try repeating { () throws(Failure) in try base.delete(path) }
  }

  package func freeBytes() throws(Failure) -> UInt64? {
    try repeating { () throws(Failure) in try base.freeBytes() }
  }

  /// Whether an object of this size is there; false as well for who may not look.
  private func isThere(_ path: StorePath, size: Int) throws(Failure) -> Bool {
    do throws(Failure) {
      return try base.size(of: path) == UInt64(size)
    } catch {
      if error.code == .storeDenied, error.retry == nil { return false }
      throw error
    }
  }

  /// Lists a store without pages: from the beginning, as often as it takes, each object shown once.
  private func listAnew(_ prefix: String, _ each: (StoredObject) throws(Failure) -> Void) throws(Failure) {
    var seen: Set<StorePath> = []
    var objection: Failure?
    try repeating { () throws(Failure) in
      do throws(Failure) {
        try base.list(prefix) { (object) throws(Failure) in
          guard seen.insert(object.path).inserted else { return }
          do throws(Failure) {
            try each(object)
          } catch {
            objection = error
            throw error
          }
        }
      } catch {
        // What the caller throws is an answer to us, whatever it says.
        if objection == nil { throw error }
      }
    }
    if let objection { throw objection }
  }

  // MARK: - Trying again

  /// The failures of one call in a row.
  private struct Row {
    var count = 0
    var began: UInt64 = 0
  }

  private func repeating<Result>(_ body: () throws(Failure) -> Result) throws(Failure) -> Result {
    var row = Row()
    while true {
      let begun = clock.now()
      do throws(Failure) {
        let result = try body()
        noteAnswer()
        return result
      } catch {
        guard let advice = error.retry else {
          if RetryingStore.isAnswer(error) { noteAnswer() }
          throw error
        }
        try wait(after: error, advice, begun: begun, &row)
      }
    }
  }

  /// Whether a failure shows that the store is there and does its work.
  private static func isAnswer(_ failure: Failure) -> Bool {
    switch failure.code {
    case .storeMissing, .storeExists, .storeDenied, .storeFull: true
    default: false
    }
  }

  private func noteAnswer() {
    let length = outage.withLock { $0.answer(at: clock.now()) }
    if let length { notices(.resumed(after: length)) }
  }

  /// Waits for the next try; throws if there is to be none.
  private func wait(
    after failure: Failure, _ advice: RetryAdvice, begun: UInt64, _ row: inout Row
  ) throws(Failure) {
    try stop.check()
    let now = clock.now()
    if row.count == 0 { row.began = now }
    row.count += 1
    let outage = outage.withLock { outage in
      outage.fail(at: now, begun: begun)
      return outage
    }
    let began = min(row.began, outage.began ?? now)
    let (end, isEndless) = began.addingReportingOverflow(policy.budget)
    let deadline = isEndless ? .max : end
    guard !outage.isGivenUp, now < deadline else { throw giveUp(failure, row, since: began, at: now) }
    // A wait beyond the budget is cut, so that its end sees one more try.
    let delay = min(policy.delay(after: row.count, advice, random: random), deadline - now)
    self.outage.withLock { $0.wait() }
    notices(
      .waiting(
        StoreNotice.Wait(
          reason: failure.place.isEmpty ? failure.what : "\(failure.what) (\(failure.place))", attempt: row.count,
          delay: delay, budgetLeft: deadline - now)))
    try rest(until: now + delay, ended: outage.ended, isThrottled: advice.isThrottled) { () throws(Failure) in
      throw giveUp(failure, row, since: began, at: clock.now())
    }
  }

  /// Waits until `moment`, or until others were answered: then the way is free, unless it was us who were too much.
  private func rest(
    until moment: UInt64, ended: UInt64, isThrottled: Bool, orGiveUp giveUp: () throws(Failure) -> Void
  ) throws(Failure) {
    while true {
      let now = clock.now()
      guard now < moment else { return }
      try clock.wait(min(moment - now, RetryingStore.glance), stop: stop)
      let outage = outage.withLock { $0 }
      if outage.isGivenUp { try giveUp() }
      if outage.ended != ended, !isThrottled { return }
    }
  }

  /// The failure of a call that is not tried again. It carries no advice: whoever gets it must not begin anew.
  private func giveUp(_ failure: Failure, _ row: Row, since began: UInt64, at now: UInt64) -> Failure {
    outage.withLock { $0.giveUp() }
    let span = RetryingStore.text(now - min(began, now))
    let tries = row.count == 1 ? "" : ", \(row.count) tries"
    let what = policy.budget == 0 ? failure.what : "\(failure.what), for \(span)\(tries)"
    let next = "What was stored is kept: run again once the store answers."
    return Failure(
      failure.code, what, at: failure.place, next: failure.next.isEmpty ? next : "\(failure.next) \(next)")
  }

  /// `42 seconds`, `15 minutes`.
  private static func text(_ nanoseconds: UInt64) -> String {
    let seconds = (nanoseconds + 500_000_000) / 1_000_000_000
    if seconds < 120 { return seconds == 1 ? "1 second" : "\(seconds) seconds" }
    return "\((seconds + 30) / 60) minutes"
  }
}
