package import Bytes
import Cryptography
import Pipeline

/// A role to take on.
package struct AssumedRole: Sendable {
  /// `arn:aws:iam::123456789012:role/backup`.
  package var arn: String
  /// What the session is called in the logs of the account; nil for `lifeboat`.
  package var sessionName: String?
  /// What the owner of the role wants to be told.
  package var externalID: String?
  /// How long the credentials are wanted for; nil for the role's own hour.
  package var seconds: Int?

  package init(arn: String, sessionName: String? = nil, externalID: String? = nil, seconds: Int? = nil) {
    self.arn = arn
    self.sessionName = sessionName
    self.externalID = externalID
    self.seconds = seconds
  }

  var parameters: [(name: String, value: String)] {
    var list = [
      (name: "RoleArn", value: arn), (name: "RoleSessionName", value: sessionName ?? "lifeboat"),
      (name: "Version", value: "2011-06-15"),
    ]
    if let externalID { list.append((name: "ExternalId", value: externalID)) }
    if let seconds { list.append((name: "DurationSeconds", value: String(seconds))) }
    return list
  }
}

/// STS: exchanges credentials, or the token of another identity provider, for those of a role.
package struct SecurityTokenService: Sendable {
  /// The service takes no longer one.
  private static let longestToken = 20_000

  private let endpoint: S3Endpoint
  private let signer: S3Signer
  private let exchange: any HTTPExchange
  private let clock: @Sendable () -> UInt64

  /// - Parameters:
  ///   - endpoint: its address
  ///   - region: what requests are signed for
  ///   - exchange: asks
  ///   - clock: the time of day in nanoseconds since the epoch
  package init(
    endpoint: S3Endpoint, region: String, exchange: any HTTPExchange,
    clock: @escaping @Sendable () -> UInt64 = WallClock.now
  ) {
    self.endpoint = endpoint
    signer = S3Signer(region: region, service: "sts")
    self.exchange = exchange
    self.clock = clock
  }

  /// Credentials of a role for someone who has credentials.
  ///
  /// - Parameters:
  ///   - role: the role
  ///   - credentials: whose request it is
  ///   - place: what asked for it, for messages
  package func assume(
    _ role: AssumedRole, with credentials: S3Credentials, place: String
  ) throws(Failure) -> S3Credentials {
    let body = encoded("AssumeRole", role.parameters)
    let target = S3Signer.Target(method: "POST", host: host, path: path)
    let signed = signer.sign(
      target, headers: SecurityTokenService.headers, body: ObjectDigest.name(of: body), with: credentials, at: clock())
    return try send(body, SecurityTokenService.headers + signed, role, place)
  }

  /// Credentials of a role for the token in a file, which is read anew each time: platforms exchange it.
  package func assume(
    _ role: AssumedRole, withTokenIn file: String, place: String
  ) throws(Failure) -> S3Credentials {
    let bytes: [UInt8]
    do throws(SystemError) {
      bytes = try DurableFile.read(file, limit: SecurityTokenService.longestToken)
    } catch {
      throw error.failure(
        .storeDenied, "cannot read the web identity token", next: "Check the path and who may read it.")
    }
    let token = String(decoding: bytes, as: UTF8.self).filter { !$0.isWhitespace }
    guard !token.isEmpty else { throw Failure(.storeDenied, "the web identity token is empty", at: file) }
    let parameters = role.parameters + [(name: "WebIdentityToken", value: token)]
    return try send(
      encoded("AssumeRoleWithWebIdentity", parameters), SecurityTokenService.headers, role, place)
  }

  private static let headers = [(name: "content-type", value: "application/x-www-form-urlencoded; charset=utf-8")]

  private var host: String { endpoint.port.map { "\(endpoint.host):\($0)" } ?? endpoint.host }
  private var path: String { endpoint.path + "/" }

  private func encoded(_ action: String, _ parameters: [(name: String, value: String)]) -> [UInt8] {
    Array(RequestEncoding.query([(name: "Action", value: action)] + parameters).utf8)
  }

  private func send(
    _ body: [UInt8], _ headers: [(name: String, value: String)], _ role: AssumedRole, _ place: String
  ) throws(Failure) -> S3Credentials {
    let request = HTTPRequest(
      "POST", endpoint.url + "/", headers: headers, body: body, connectTimeout: 10, timeout: 30, limit: 262_144)
    let answer: HTTPAnswer
    do throws(Failure) {
      answer = try exchange.send(request)
    } catch {
      throw error.within("role \(role.arn) of \(place)")
    }
    guard answer.status == 200 else { throw refusal(answer, role, place) }
    let xml = TokenAnswer(answer.body)
    guard let key = xml["AccessKeyId"], let secret = xml["SecretAccessKey"], let token = xml["SessionToken"] else {
      throw Failure(.storeDenied, "the answer of STS is not credentials", at: endpoint.url)
    }
    return try S3Credentials(
      accessKey: key, secret: secret, sessionToken: token, expiry: xml["Expiration"],
      source: "role \(role.arn) of \(place)")
  }

  private func refusal(_ answer: HTTPAnswer, _ role: AssumedRole, _ place: String) -> Failure {
    let xml = TokenAnswer(answer.body)
    let code = xml["Code"] ?? "status \(answer.status)"
    let isThrottled = answer.status == 429 || code == "Throttling" || code == "SlowDown"
    let isPassing = answer.status >= 500 || isThrottled || code == "IDPCommunicationError"
    return Failure(
      isPassing ? .storeUnavailable : .storeDenied,
      "STS does not hand out the role: \(code)\(xml["Message"].map { ": \($0)" } ?? "")",
      at: "role \(role.arn) of \(place), \(endpoint.url)",
      next: isPassing ? "" : "Check the role and who may assume it.",
      retry: isPassing ? RetryAdvice(isThrottled: isThrottled) : nil)
  }
}

/// The few values of an answer of STS, by the names of their elements; as many as can be read.
private struct TokenAnswer {
  private var values: [String: String] = [:]

  init(_ bytes: [UInt8]) {
    var reader = XMLReader(bytes)
    var element = ""
    while let token = try? reader.next() {
      switch token {
      case .start(let name): element = name
      case .text(let range):
        if let text = try? reader.text(in: range), values[element] == nil { values[element] = text }
      case .end: element = ""
      }
    }
  }

  subscript(_ name: String) -> String? { values[name].flatMap { $0.isEmpty ? nil : $0 } }
}
