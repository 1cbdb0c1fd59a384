package import Bytes

/// Credentials in `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY` and, for temporary ones, `AWS_SESSION_TOKEN`.
package struct EnvironmentCredentials: CredentialsSource {
  private let variables: [String: String]

  package init(_ variables: [String: String]) { self.variables = variables }

  package func look() throws(Failure) -> CredentialsFinding {
    let key = value("AWS_ACCESS_KEY_ID")
    let secret = value("AWS_SECRET_ACCESS_KEY")
    guard let key, let secret else {
      if key == nil && secret == nil { return .nothing("AWS_ACCESS_KEY_ID is not set") }
      throw Failure(
        .storeDenied, "only one of AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY is set", at: "the environment",
        next: "Set both, or none.")
    }
    let credentials = try S3Credentials(
      accessKey: key, secret: secret, sessionToken: value("AWS_SESSION_TOKEN") ?? value("AWS_SECURITY_TOKEN"),
      expiry: value("AWS_CREDENTIAL_EXPIRATION"), source: "the environment")
    return .found(credentials)
  }

  private func value(_ name: String) -> String? { variables[name].flatMap { $0.isEmpty ? nil : $0 } }
}
