package import Bytes

/// Credentials for the token of another identity provider: `AWS_WEB_IDENTITY_TOKEN_FILE` and `AWS_ROLE_ARN`, as
/// Kubernetes gives them to a pod.
package struct WebIdentityCredentials: CredentialsSource {
  private let variables: [String: String]
  private let sts: SecurityTokenService

  package init(_ variables: [String: String], sts: SecurityTokenService) {
    self.variables = variables
    self.sts = sts
  }

  package func look() throws(Failure) -> CredentialsFinding {
    guard let file = variables["AWS_WEB_IDENTITY_TOKEN_FILE"], !file.isEmpty else {
      return .nothing("AWS_WEB_IDENTITY_TOKEN_FILE is not set")
    }
    guard let arn = variables["AWS_ROLE_ARN"], !arn.isEmpty else {
      throw Failure(
        .storeDenied, "AWS_WEB_IDENTITY_TOKEN_FILE is set, but AWS_ROLE_ARN is not", at: "the environment",
        next: "Set both, or none.")
    }
    let name = variables["AWS_ROLE_SESSION_NAME"].flatMap { $0.isEmpty ? nil : $0 }
    let role = AssumedRole(arn: arn, sessionName: name, externalID: nil, seconds: nil)
    return .found(try sts.assume(role, withTokenIn: file, place: "web identity"))
  }
}
