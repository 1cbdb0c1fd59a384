import Glibc

/// A database server that runs beside the tests (`Tests/Servers/with` starts them and says where they are), or one of a
/// test's own.
package final class LoopbackDatabase: Sendable {
  /// Which one: `mariadb` or `redis`.
  package let kind: String
  /// The server's own folder.
  package let folder: String
  private let values: [String: String]
  private let home: TemporaryFolder?

  /// The one that all tests share; nil, said loudly, where it doesn't run. In CI that is an error.
  package static func shared(_ kind: String) throws -> LoopbackDatabase? {
    let variable = "LIFEBOAT_TEST_\(kind.uppercased())"
    if let path = getenv(variable).map({ String(cString: $0) }), !path.isEmpty {
      return LoopbackDatabase(kind, String(decoding: try Files.read(path), as: UTF8.self), nil)
    }
    let what = "no \(kind) server: run the tests by Tests/Servers/with"
    if getenv("CI") != nil { throw Trouble(description: "\(what): \(variable) is not set") }
    Files.say("*** NOT TESTED: \(what); what needs it was skipped ***")
    return nil
  }

  /// One more server for one test, which may be killed; nil where there is no shared one either.
  ///
  /// - Parameter options: the server's own
  package static func own(_ kind: String, options: [String] = []) throws -> LoopbackDatabase? {
    guard try shared(kind) != nil else { return nil }
    let home = TemporaryFolder()
    chmod(home.path, 0o711)
    let printed = try run(kind, "start", home.path("server"), options)
    return LoopbackDatabase(kind, printed, home)
  }

  deinit {
    if home != nil { _ = try? LoopbackDatabase.run(kind, "kill", folder, []) }
  }

  /// Ends it without asking it.
  package func kill() throws { _ = try LoopbackDatabase.run(kind, "kill", folder, []) }

  /// Starts it again with the data that it had.
  package func restart(options: [String] = []) throws { _ = try LoopbackDatabase.run(kind, "again", folder, options) }

  /// Its port.
  package var port: Int { Int(values["DATABASE_PORT", default: ""]) ?? 0 }
  /// Its port for TLS, where that is another one.
  package var securePort: Int { Int(values["DATABASE_TLS_PORT", default: ""]) ?? port }
  /// Its socket.
  package var socket: String { values["DATABASE_SOCKET", default: ""] }
  /// The file with the certificate that signs its own.
  package var certificateFile: String { values["DATABASE_CA_FILE", default: ""] }
  /// Who may do everything.
  package var owner: String { values["DATABASE_OWNER", default: ""] }
  package var ownerPassword: String { values["DATABASE_OWNER_PASSWORD", default: ""] }
  /// Who may do what a backup needs.
  package var backup: String { values["DATABASE_BACKUP", default: ""] }
  package var backupPassword: String { values["DATABASE_BACKUP_PASSWORD", default: ""] }

  /// A server of the tests does not do what it should.
  package struct Trouble: Error, CustomStringConvertible {
    package let description: String
  }

  private init(_ kind: String, _ text: String, _ home: TemporaryFolder?) {
    self.kind = kind
    self.home = home
    var values: [String: String] = [:]
    for line in text.split(separator: "\n") {
      let parts = line.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      if parts.count == 2 { values[String(parts[0])] = String(parts[1]) }
    }
    self.values = values
    folder = values["DATABASE_FOLDER", default: ""]
  }

  private static func run(_ kind: String, _ verb: String, _ folder: String, _ options: [String]) throws -> String {
    let outcome = try Program.run(["\(Checkout.root)/Tests/Servers/\(kind)", verb, folder] + options)
    guard outcome.status == 0 else { throw Trouble(description: "\(kind) \(verb): \(outcome.errors)") }
    return outcome.text
  }
}
