import Bytes
import Glibc

/// A database server that runs beside the tests (`Tests/Servers/with` starts them and says where they are), or one that
/// a test has started for itself, to stop it or to fill it.
package final class DatabaseServer: Sendable {
  /// Which one: `postgres`, `mariadb` or `redis`.
  package let kind: String
  /// Everything that the script said about it: lines of its `env` file.
  package let values: [String: String]
  private let isOurs: Bool

  /// PostgreSQL; nil, said loudly, where it doesn't run. In CI that is an error.
  package static func postgres() throws -> DatabaseServer? { try server("postgres") }

  /// A server of a kind; nil, said loudly, where it doesn't run. In CI that is an error.
  package static func server(_ kind: String) throws -> DatabaseServer? {
    let variable = "LIFEBOAT_TEST_\(kind.uppercased())"
    if let path = getenv(variable).map({ String(cString: $0) }), !path.isEmpty {
      return DatabaseServer(kind, try values(ofFile: path), isOurs: false)
    }
    let what = "no server of the kind \(kind): run the tests by Tests/Servers/with"
    if getenv("CI") != nil { throw Trouble(what: what, "\(variable) is not set") }
    Files.say("*** NOT TESTED: \(what); what needs it was skipped ***")
    return nil
  }

  /// Starts one more of the same kind beside this one; it ends with its last reference, or with the tests.
  ///
  /// - Parameters:
  ///   - name: lower-case letters; every server that runs at the same time has another
  ///   - options: what the script is told beside the folder
  package func another(named name: String, options: [String] = []) throws -> DatabaseServer {
    let folder = "\(self.folder)-\(name)"
    let outcome = try Program.run([script, "start", folder] + options)
    guard outcome.status == 0 else { throw Trouble(what: "\(kind) start", outcome.errors) }
    return DatabaseServer(kind, try DatabaseServer.values(ofFile: "\(folder)/env"), isOurs: true)
  }

  /// One more server of a kind for one test, which may be killed; nil where there is no shared one either.
  package static func own(_ kind: String) throws -> DatabaseServer? {
    try server(kind)?.another(named: Identifier.random().hex)
  }

  /// Does something to it: `stop`, `kill`, `again`.
  package func control(_ verb: String) throws {
    let outcome = try Program.run([script, verb, folder])
    guard outcome.status == 0 else { throw Trouble(what: "\(kind) \(verb)", outcome.errors) }
  }

  /// Its folder.
  package var folder: String { self["FOLDER"] }
  /// Its address; TLS and a password are needed there.
  package var host: String { self["HOST"] }
  /// Its port.
  package var port: Int { Int(self["PORT"]) ?? 0 }
  /// Its port for TLS, where that is another one.
  package var securePort: Int { Int(self["TLS_PORT"]) ?? port }
  /// Its socket, or the folder of it.
  package var socket: String { self["SOCKET"] }
  /// The certificate that signed its own.
  package var certificateFile: String { self["CA_FILE"] }
  /// Who may do everything.
  package var owner: String { self["OWNER"] }
  /// That one's password.
  package var ownerPassword: String { self["OWNER_PASSWORD"] }
  /// Who may do no more than a backup needs.
  package var backup: String { self["BACKUP"] }
  /// That one's password.
  package var backupPassword: String { self["BACKUP_PASSWORD"] }

  /// A value by its name without `DATABASE_`; empty if the script said nothing of it.
  package subscript(name: String) -> String { values["DATABASE_\(name)", default: ""] }

  private init(_ kind: String, _ values: [String: String], isOurs: Bool) {
    self.kind = kind
    self.values = values
    self.isOurs = isOurs
  }

  deinit {
    guard isOurs else { return }
    _ = try? Program.run([script, "stop", folder])
    TemporaryFolder.remove(folder)
  }

  private var script: String { "\(Checkout.root)/Tests/Servers/\(kind)" }

  /// A server of the tests does not do what it should.
  package struct Trouble: Error, CustomStringConvertible {
    package let description: String

    init(what: String, _ errors: String) { description = "\(what): \(errors)" }
  }

  /// Lines of the form `KEY=VALUE`.
  private static func values(ofFile path: String) throws -> [String: String] {
    var values: [String: String] = [:]
    for line in String(decoding: try Files.read(path), as: UTF8.self).split(separator: "\n") {
      let parts = line.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      if parts.count == 2 { values[String(parts[0])] = String(parts[1]) }
    }
    return values
  }
}
