import Bytes
import Glibc

/// An S3 server that runs beside the tests (`Tests/Servers/with` starts them and says where they are).
package struct S3Server: Sendable {
  /// Which one: `ceph` or `rclone`.
  package let kind: String
  /// Its address, such as `http://127.0.0.1:18400`.
  package let endpoint: String
  /// The same over TLS; nil where it has none.
  package let secureEndpoint: String?
  /// The file with the certificate that signs its own; nil without TLS.
  package let certificateFile: String?
  /// The region that requests are signed for.
  package let region: String
  /// Who may do everything.
  package let owner: S3User
  /// The server's own folder.
  package let folder: String

  /// Ceph's, which keeps to S3 strictly; nil, said loudly, where it doesn't run. In CI that is an error.
  package static func ceph() throws -> S3Server? { try server("ceph") }

  /// rclone's, which ignores much of S3: no refusal of overwrites, no digests, no rights. As above.
  package static func rclone() throws -> S3Server? { try server("rclone") }

  /// Every server there is.
  package static func all() throws -> [S3Server] { try [ceph(), rclone()].compactMap { $0 } }

  /// The same server by another address: that of a proxy before it, or of another front.
  package func at(_ endpoint: String) -> S3Server { S3Server(self, endpoint: endpoint) }

  /// The port of its address.
  package var port: UInt16 { endpoint.split(separator: ":").last.flatMap { UInt16($0) } ?? 0 }

  /// The variables with which the program and every other S3 client finds the server.
  ///
  /// - Parameter user: who asks
  package func variables(as user: S3User? = nil) -> [String: String] {
    let user = user ?? owner
    return [
      "AWS_ENDPOINT_URL_S3": endpoint, "AWS_REGION": region, "AWS_ACCESS_KEY_ID": user.keyID,
      "AWS_SECRET_ACCESS_KEY": user.secret, "AWS_EC2_METADATA_DISABLED": "true",
    ]
  }

  /// Makes a user who may do nothing by itself. Ceph only.
  package func user(named name: String) throws -> S3User {
    S3User(S3Server.values(of: try command(["user", folder, name])))
  }

  /// Runs the script that the server was started with; returns what it prints.
  package func command(_ words: [String]) throws -> String {
    let outcome = try Program.run(["\(Checkout.root)/Tests/Servers/\(kind)"] + words)
    guard outcome.status == 0 else { throw Trouble(what: "\(kind) \(words.joined(separator: " "))", outcome.errors) }
    return outcome.text
  }

  /// A server of the tests does not do what it should.
  package struct Trouble: Error, CustomStringConvertible {
    package let description: String

    init(what: String, _ errors: String) { description = "\(what): \(errors)" }
  }

  private static func server(_ kind: String) throws -> S3Server? {
    let variable = "LIFEBOAT_TEST_\(kind.uppercased())"
    if let path = getenv(variable).map({ String(cString: $0) }), !path.isEmpty {
      return S3Server(kind, values(of: String(decoding: try Files.read(path), as: UTF8.self)))
    }
    let what = "no S3 server of the kind \(kind): run the tests by Tests/Servers/with"
    if getenv("CI") != nil { throw Trouble(what: what, "\(variable) is not set") }
    Files.say("*** NOT TESTED: \(what); what needs it was skipped ***")
    return nil
  }

  private init(_ kind: String, _ values: [String: String]) {
    self.kind = kind
    endpoint = values["S3_ENDPOINT", default: ""]
    secureEndpoint = values["S3_TLS_ENDPOINT"]
    certificateFile = values["S3_CA_FILE"]
    region = values["S3_REGION", default: "us-east-1"]
    owner = S3User(values)
    folder = values["S3_FOLDER", default: ""]
  }

  private init(_ other: S3Server, endpoint: String) {
    kind = other.kind
    self.endpoint = endpoint
    secureEndpoint = nil
    certificateFile = nil
    region = other.region
    owner = other.owner
    folder = other.folder
  }

  /// Lines of the form `KEY=VALUE`.
  private static func values(of text: String) -> [String: String] {
    var values: [String: String] = [:]
    for line in text.split(separator: "\n") {
      let parts = line.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      if parts.count == 2 { values[String(parts[0])] = String(parts[1]) }
    }
    return values
  }
}

/// Somebody whom an S3 server of the tests knows.
package struct S3User: Sendable, Hashable {
  /// The access key's public half.
  package let keyID: String
  /// Its secret half.
  package let secret: String
  /// What a policy calls this user; empty for the owner.
  package let principal: String

  package init(keyID: String, secret: String, principal: String = "") {
    self.keyID = keyID
    self.secret = secret
    self.principal = principal
  }

  init(_ values: [String: String]) {
    self.init(
      keyID: values["AWS_ACCESS_KEY_ID", default: ""], secret: values["AWS_SECRET_ACCESS_KEY", default: ""],
      principal: values["S3_PRINCIPAL", default: ""])
  }
}

/// One more front of a Ceph store, to be killed and started again without troubling the other tests.
package final class S3Front: Sendable {
  /// The store as seen through this front.
  package let server: S3Server
  private let name: String

  /// Starts it on a port of its own.
  ///
  /// - Parameters:
  ///   - server: the store
  ///   - name: letters and digits; every front that runs at the same time has another
  ///   - options: what else its program is told
  package init(of server: S3Server, named name: String, options: [String] = []) throws {
    let printed = try server.command(["front", server.folder, "start", name] + options)
    self.server = server.at("http://127.0.0.1:\(printed.filter { $0.isNumber })")
    self.name = name
  }

  deinit { try? kill() }

  /// Ends it without asking it: nothing listens any more when this returns.
  package func kill() throws { _ = try server.command(["front", server.folder, "kill", name]) }

  /// Starts it again at the same address.
  package func restart() throws { _ = try server.command(["front", server.folder, "start", name]) }
}
