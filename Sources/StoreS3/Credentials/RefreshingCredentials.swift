package import Bytes
import Pipeline
import Synchronization

/// Credentials that are fetched when they are first needed, kept, and fetched again before they end.
///
/// Five minutes before the end one thread fetches new ones while the others go on with the old; only where the old
/// have really ended does everyone wait for that one fetch, and share its outcome. What lasts less than ten minutes is
/// fetched anew at half of its time, so that a place that hands out the same credentials until they end is not asked
/// with every request.
package final class RefreshingCredentials: CredentialsProvider {
  private struct Held {
    let credentials: S3Credentials
    /// From then on new ones are fetched.
    var refreshAt: UInt64
    /// From then on these are of no use.
    let endsAt: UInt64
  }

  private struct State {
    var held: Held?
    /// A thread fetches while the others go on with what is held.
    var isRefreshing = false
    /// Counts fetches, so that who waited for one can tell that it is over.
    var fetches: UInt64 = 0
    var failure: Failure?
    /// There have been credentials: a failure now is an outage, not a mistake in the configuration.
    var hasWorked = false
  }

  private enum Decision {
    case use(S3Credentials)
    case refresh(S3Credentials)
    case wait(fetches: UInt64)
  }

  /// Nanoseconds before the end when new ones are fetched.
  private static let margin: UInt64 = 300_000_000_000
  /// Nanoseconds until the next try after a fetch that failed, while the old ones are still good.
  private static let pause: UInt64 = 30_000_000_000
  /// Nanoseconds for which credentials count that have ended by our clock when they come: it may be our clock.
  private static let benefit: UInt64 = 60_000_000_000

  private let source: any CredentialsSource
  private let clock: @Sendable () -> UInt64
  private let state = Mutex(State())
  /// Held by the one thread that fetches.
  private let turn = Mutex<Void>(())

  /// - Parameters:
  ///   - source: where they come from
  ///   - clock: the time of day in nanoseconds since the epoch
  package init(_ source: any CredentialsSource, clock: @escaping @Sendable () -> UInt64 = WallClock.now) {
    self.source = source
    self.clock = clock
  }

  package func credentials() throws(Failure) -> S3Credentials {
    switch decide() {
    case .use(let credentials): return credentials
    case .refresh(let old): return refresh(old)
    case .wait(let fetches):
      return try turn.withLock { (_) throws(Failure) in try fetchUnlessDone(since: fetches) }
    }
  }

  package func discard(_ credentials: S3Credentials) {
    state.withLock { state in
      guard let held = state.held?.credentials, held.accessKey == credentials.accessKey,
        held.sessionToken == credentials.sessionToken
      else { return }
      state.held = nil
    }
  }

  private func decide() -> Decision {
    let now = clock()
    return state.withLock { state in
      guard let held = state.held, now < held.endsAt else { return .wait(fetches: state.fetches) }
      if now < held.refreshAt || state.isRefreshing { return .use(held.credentials) }
      state.isRefreshing = true
      return .refresh(held.credentials)
    }
  }

  /// New credentials; the old ones where none can be had for the moment.
  private func refresh(_ old: S3Credentials) -> S3Credentials {
    defer { state.withLock { $0.isRefreshing = false } }
    return turn.withLock { _ in
      do throws(Failure) {
        return try fetch()
      } catch {
        let next = clock() + Self.pause
        state.withLock { $0.held?.refreshAt = next }
        return old
      }
    }
  }

  /// For who waited: what the fetch brought that went on meanwhile, or else a fetch of one's own.
  private func fetchUnlessDone(since fetches: UInt64) throws(Failure) -> S3Credentials {
    let (held, failure) = state.withLock { state in
      state.fetches == fetches ? (nil, nil) : (state.held?.credentials, state.failure)
    }
    if let held { return held }
    if let failure { throw failure }
    return try fetch()
  }

  /// Only ever called by the thread whose turn it is.
  private func fetch() throws(Failure) -> S3Credentials {
    do throws(Failure) {
      guard case .found(let credentials) = try source.look() else {
        throw Failure(.storeDenied, "no credentials for the store")
      }
      keep(credentials)
      return credentials
    } catch {
      let failure = explained(error)
      state.withLock { state in
        state.fetches += 1
        state.failure = failure
      }
      throw failure
    }
  }

  private func keep(_ credentials: S3Credentials) {
    let now = clock()
    var held = Held(credentials: credentials, refreshAt: .max, endsAt: .max)
    if let expiry = credentials.expiry {
      held =
        expiry > now
        ? Held(
          credentials: credentials, refreshAt: expiry - min(Self.margin, (expiry - now) / 2), endsAt: expiry)
        : Held(credentials: credentials, refreshAt: now + Self.benefit, endsAt: now + Self.benefit)
    }
    state.withLock { state in
      state.held = held
      state.fetches += 1
      state.failure = nil
      state.hasWorked = true
    }
  }

  /// In the middle of a run whatever is wrong may pass: it worked before.
  private func explained(_ failure: Failure) -> Failure {
    guard state.withLock({ $0.hasWorked }), failure.code != .interrupted else { return failure }
    return Failure(
      .storeUnavailable, "the credentials have ended and cannot be renewed: \(failure.what)", at: failure.place,
      next: failure.next, retry: failure.retry ?? RetryAdvice())
  }
}
