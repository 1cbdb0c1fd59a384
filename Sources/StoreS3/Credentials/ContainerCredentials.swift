package import Bytes
import Glibc

/// Credentials that the agent of a container platform hands out (ECS, EKS Pod Identity, Greengrass):
/// `AWS_CONTAINER_CREDENTIALS_RELATIVE_URI` or `_FULL_URI`, with a token where there is one.
package struct ContainerCredentials: CredentialsSource {
  private static let agent = "http://169.254.170.2"
  /// Where plain HTTP may be spoken: it stays on this host.
  private static let localHosts: Set<String> = [
    "169.254.170.2", "169.254.170.23", "[fd00:ec2::23]", "localhost", "[::1]",
  ]
  private static let longestToken = 65_536

  private let variables: [String: String]
  private let exchange: any HTTPExchange

  package init(_ variables: [String: String], exchange: any HTTPExchange) {
    self.variables = variables
    self.exchange = exchange
  }

  package func look() throws(Failure) -> CredentialsFinding {
    guard let url = try address() else { return .nothing("AWS_CONTAINER_CREDENTIALS_* is not set") }
    var request = HTTPRequest("GET", url, connectTimeout: 2, timeout: 10)
    request.headers = [("accept", "application/json")]
    if let token = try token() { request.headers.append(("authorization", token)) }
    request.isDirect = true
    let answer: HTTPAnswer
    do throws(Failure) {
      answer = try exchange.send(request)
    } catch {
      throw error.within("credentials of the container")
    }
    guard answer.status == 200, let json = CredentialsJSON.read(answer.body), json.accessKey != nil else {
      throw refusal(answer, url)
    }
    return .found(try json.credentials(from: "the container's role"))
  }

  private func address() throws(Failure) -> String? {
    if let path = value("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI") {
      guard path.hasPrefix("/") else {
        throw Failure(
          .storeDenied, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI does not begin with /", at: "the environment")
      }
      return ContainerCredentials.agent + path
    }
    guard let url = value("AWS_CONTAINER_CREDENTIALS_FULL_URI") else { return nil }
    guard url.hasPrefix("https://") || ContainerCredentials.staysHere(url) else {
      throw Failure(
        .storeDenied, "AWS_CONTAINER_CREDENTIALS_FULL_URI is plain HTTP to another host", at: "the environment",
        next: "Use https, or an address of this host.")
    }
    return url
  }

  private static func staysHere(_ url: String) -> Bool {
    guard url.hasPrefix("http://") else { return false }
    let authority = url.dropFirst(7).prefix { !"/?#".contains($0) }
    guard !authority.contains("@") else { return false }
    let host =
      authority.hasPrefix("[")
      ? String(authority.prefix { $0 != "]" }) + "]" : String(authority.prefix { $0 != ":" })
    if localHosts.contains(host) { return true }
    var address = in_addr()
    return inet_pton(AF_INET, host, &address) == 1 && UInt32(bigEndian: address.s_addr) >> 24 == 127
  }

  /// The file's token counts before the variable's, and is read anew each time: platforms exchange it.
  private func token() throws(Failure) -> String? {
    var token = value("AWS_CONTAINER_AUTHORIZATION_TOKEN")
    if let path = value("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE") {
      do throws(SystemError) {
        token = String(
          decoding: try DurableFile.read(path, limit: ContainerCredentials.longestToken), as: UTF8.self)
      } catch {
        throw error.failure(.storeDenied, "cannot read the token of the container")
      }
    }
    guard let token else { return nil }
    guard !token.contains(where: \.isNewline) else {
      throw Failure(.storeDenied, "the token of the container has a line end", at: "AWS_CONTAINER_AUTHORIZATION_TOKEN")
    }
    return token
  }

  private func value(_ name: String) -> String? { variables[name].flatMap { $0.isEmpty ? nil : $0 } }

  private func refusal(_ answer: HTTPAnswer, _ url: String) -> Failure {
    let isPassing = answer.status >= 500 || answer.status == 429
    return Failure(
      isPassing ? .storeUnavailable : .storeDenied,
      answer.status == 200
        ? "the answer is not credentials" : "the container's agent refused with status \(answer.status)",
      at: "credentials of the container", next: "Check the role of the task or pod.",
      retry: isPassing ? RetryAdvice(isThrottled: answer.status == 429) : nil)
  }
}
