import Bytes
import FoundationEssentials

/// The JSON in which programs, containers and instances hand out credentials; they differ in the token's name.
struct CredentialsJSON: Decodable {
  let version: Int?
  let code: String?
  let message: String?
  let accessKey: String?
  let secret: String?
  let sessionToken: String?
  let token: String?
  let expiration: String?

  private enum CodingKeys: String, CodingKey {
    case version = "Version"
    case code = "Code"
    case message = "Message"
    case accessKey = "AccessKeyId"
    case secret = "SecretAccessKey"
    case sessionToken = "SessionToken"
    case token = "Token"
    case expiration = "Expiration"
  }

  /// Nil for what is no JSON object of this kind. The bytes are never shown: they hold a secret.
  static func read(_ bytes: [UInt8]) -> CredentialsJSON? {
    try? JSONDecoder().decode(CredentialsJSON.self, from: Data(bytes))
  }

  /// The credentials; throws where a part is missing.
  func credentials(from source: String) throws(Failure) -> S3Credentials {
    guard let accessKey, let secret else {
      throw Failure(.storeDenied, "the answer has no AccessKeyId or no SecretAccessKey", at: source)
    }
    return try S3Credentials(
      accessKey: accessKey, secret: secret, sessionToken: sessionToken ?? token, expiry: expiration, source: source)
  }
}
