import Bytes
import Cryptography
import Store
import StoreS3

/// Credentials that end in the middle of a recovery: from then on requests carry a key that the store does not know, as
/// it forgets those of a session that is over, until it has refused one and new ones are fetched. It is the store itself
/// that refuses.
final class ExpiringCredentials: CredentialsProvider {
  /// In the place of the real key.
  private static let mark = "ENDEDSESSION00000000"

  private let base: any CredentialsProvider
  private let isOver: @Sendable () -> Bool
  private let renew: @Sendable () -> Void

  /// - Parameters:
  ///   - base: the real ones
  ///   - isOver: whether the session is over and nobody has fetched a new one
  ///   - renew: hears that the store has refused a request for it
  init(_ base: any CredentialsProvider, isOver: @escaping @Sendable () -> Bool, renew: @escaping @Sendable () -> Void) {
    self.base = base
    self.isOver = isOver
    self.renew = renew
  }

  func credentials() throws(Failure) -> S3Credentials {
    let real = try base.credentials()
    guard isOver() else { return real }
    return S3Credentials(
      accessKey: ExpiringCredentials.mark, secret: real.secret, sessionToken: real.sessionToken, expiry: 0,
      source: real.source)
  }

  func discard(_ credentials: S3Credentials) {
    if credentials.accessKey == ExpiringCredentials.mark { renew() } else { base.discard(credentials) }
  }
}
