package import Bytes
package import Cryptography

/// What a request is signed with.
package struct S3Credentials: Sendable {
  /// Names the key; no secret.
  package let accessKey: String
  /// The secret access key.
  package let secret: Secret
  /// Accompanies temporary keys; as good as a secret, and never printed.
  package let sessionToken: String?
  /// When they end, in nanoseconds since the epoch; nil for those that do not.
  package let expiry: UInt64?
  /// Where they came from, for messages: `the environment`, `profile backup in /root/.aws/credentials`.
  package let source: String

  package init(accessKey: String, secret: Secret, sessionToken: String?, expiry: UInt64?, source: String) {
    self.accessKey = accessKey
    self.secret = secret
    self.sessionToken = sessionToken
    self.expiry = expiry
    self.source = source
  }
}

/// Where credentials come from; keeps them until shortly before they end.
package protocol CredentialsProvider: Sendable {
  /// Credentials that are good for the next minutes. Called for every request, by any thread; cheap as a rule.
  ///
  /// - Throws: `storeDenied` where there are none, saying where was looked; `storeUnavailable` where their source does
  ///   not answer.
  func credentials() throws(Failure) -> S3Credentials

  /// Forgets these, because the store said that they are no longer good; the next call fetches new ones.
  func discard(_ credentials: S3Credentials)
}
