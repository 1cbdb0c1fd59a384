package import Bytes
import Synchronization

/// Credentials of the role of an EC2 instance, from the instance metadata service, version 2 only.
///
/// On any other machine nobody answers at its address, so the first look is short; once it has answered, silence is an
/// outage.
package final class InstanceCredentials: CredentialsSource {
  private static let path = "/latest/meta-data/iam/security-credentials/"
  /// Seconds for which a token of the service is asked; used for one look only.
  private static let tokenLife = "60"
  private static let place = "instance metadata"

  private let variables: [String: String]
  private let configured: String?
  private let exchange: any HTTPExchange
  private let hasAnswered = Atomic<Bool>(false)

  /// - Parameters:
  ///   - variables: the environment
  ///   - configured: the service's address as the shared files give it
  ///   - exchange: asks
  package init(_ variables: [String: String], configured: String? = nil, exchange: any HTTPExchange) {
    self.variables = variables
    self.configured = configured
    self.exchange = exchange
  }

  package func look() throws(Failure) -> CredentialsFinding {
    if value("AWS_EC2_METADATA_DISABLED")?.lowercased() == "true" {
      return .nothing("AWS_EC2_METADATA_DISABLED is true")
    }
    guard let token = try token() else { return try silence("no answer") }
    guard let roles = try get("", token), let role = InstanceCredentials.firstLine(roles) else {
      return .nothing("the instance has no role")
    }
    guard let answer = try get(role, token) else { return .nothing("the instance has no role") }
    hasAnswered.store(true, ordering: .relaxed)
    guard let json = CredentialsJSON.read(answer) else {
      throw Failure(.storeDenied, "the answer is not credentials", at: InstanceCredentials.place)
    }
    guard json.code == nil || json.code == "Success" else {
      throw Failure(
        .storeDenied, "no credentials for the role \(role): \(json.code ?? "")", at: InstanceCredentials.place,
        next: "Check the role of the instance.")
    }
    return .found(try json.credentials(from: "the instance's role \(role)"))
  }

  /// The token that every further request carries; nil where there is no such service.
  private func token() throws(Failure) -> String? {
    let headers = [("x-aws-ec2-metadata-token-ttl-seconds", InstanceCredentials.tokenLife)]
    guard let answer = try ask("PUT", "/latest/api/token", headers) else { return nil }
    guard answer.status == 200 else { return nil }
    let token = String(decoding: answer.body, as: UTF8.self)
    return !token.isEmpty && token.utf8.allSatisfy { (0x21...0x7e).contains($0) } ? token : nil
  }

  /// Nil where there is no such thing.
  private func get(_ name: String, _ token: String) throws(Failure) -> [UInt8]? {
    guard let answer = try ask("GET", InstanceCredentials.path + name, [("x-aws-ec2-metadata-token", token)]) else {
      throw unavailable("no answer")
    }
    if answer.status == 404 { return nil }
    guard answer.status == 200 else { throw unavailable("status \(answer.status)") }
    return answer.body
  }

  /// Nil where nobody answers.
  private func ask(
    _ method: String, _ path: String, _ headers: [(name: String, value: String)]
  ) throws(Failure) -> HTTPAnswer? {
    let patience = value("AWS_METADATA_SERVICE_TIMEOUT").flatMap(Double.init).map { min(max($0, 0.1), 60) } ?? 1
    var request = HTTPRequest(
      method, endpoint + path, headers: headers, connectTimeout: patience, timeout: max(patience, 2), limit: 65_536)
    request.isDirect = true
    let tries = value("AWS_METADATA_SERVICE_NUM_ATTEMPTS").flatMap { Int($0) }.map { min(max($0, 1), 10) } ?? 1
    for attempt in 1...tries {
      do throws(Failure) {
        let answer = try exchange.send(request)
        if answer.status < 500 || attempt == tries { return answer }
      } catch {
        guard error.code == .storeUnavailable else { throw error }
      }
    }
    return nil
  }

  private var endpoint: String {
    if var told = value("AWS_EC2_METADATA_SERVICE_ENDPOINT") ?? configured {
      while told.hasSuffix("/") { told.removeLast() }
      return told
    }
    let mode = value("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE")?.lowercased()
    return mode == "ipv6" ? "http://[fd00:ec2::254]" : "http://169.254.169.254"
  }

  private func silence(_ reason: String) throws(Failure) -> CredentialsFinding {
    if hasAnswered.load(ordering: .relaxed) { throw unavailable(reason) }
    return .nothing(reason)
  }

  private func unavailable(_ reason: String) -> Failure {
    Failure(
      .storeUnavailable, "the instance metadata service does not hand out credentials: \(reason)",
      at: InstanceCredentials.place, retry: RetryAdvice())
  }

  private static func firstLine(_ bytes: [UInt8]) -> String? {
    let line = String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isNewline).first.map(String.init)
    // The name goes into an address.
    return line?.utf8.allSatisfy { byte in (0x21...0x7e).contains(byte) && !"/?#%".utf8.contains(byte) } == true
      ? line : nil
  }

  private func value(_ name: String) -> String? { variables[name].flatMap { $0.isEmpty ? nil : $0 } }
}
