package import Bytes
import Cryptography
import Profiles

/// One place where credentials may lie.
package protocol CredentialsSource: Sendable {
  /// Looks there.
  ///
  /// - Throws: `storeDenied` where something is configured there and of no use; `storeUnavailable` with advice to try
  ///   again where the place does not answer though it should
  func look() throws(Failure) -> CredentialsFinding
}

/// What came of looking in one place.
package enum CredentialsFinding: Sendable {
  case found(S3Credentials)
  /// Nothing is configured there; why it is thought so, for the message when there is nothing anywhere.
  case nothing(String)
}

extension S3Credentials {
  /// Credentials from texts that came from outside.
  ///
  /// - Parameters:
  ///   - expiry: RFC 3339; nil or empty for those that do not end
  ///   - source: where they came from, for messages
  package init(
    accessKey: String, secret: String, sessionToken: String?, expiry: String? = nil, source: String
  ) throws(Failure) {
    let key = Self.trimmed(accessKey)
    let secret = Self.trimmed(secret)
    let token = sessionToken.map(Self.trimmed).flatMap { $0.isEmpty ? nil : $0 }
    guard !key.isEmpty, !secret.isEmpty else {
      throw Failure(.storeDenied, "the access key or its secret is empty", at: source)
    }
    // All but the secret goes into headers, where a line end would begin another one.
    guard [key, token ?? ""].allSatisfy({ $0.utf8.allSatisfy { (0x21...0x7e).contains($0) } }) else {
      throw Failure(.storeDenied, "the access key or the session token has blanks or control characters", at: source)
    }
    var end: UInt64?
    if let expiry, !expiry.isEmpty {
      guard let moment = Moment(expiry) else {
        throw Failure(.storeDenied, "the time when the credentials end is not understood: \(expiry)", at: source)
      }
      end = UInt64(max(moment.seconds, 0)) * 1_000_000_000
    }
    self.init(
      accessKey: key, secret: Secret(copying: Array(secret.utf8)), sessionToken: token, expiry: end, source: source)
  }

  /// Files and variables often end with a line end that belongs to nothing.
  private static func trimmed(_ text: String) -> String {
    let end = text.reversed().drop { $0.isWhitespace }
    return String(end.reversed().drop { $0.isWhitespace })
  }
}
