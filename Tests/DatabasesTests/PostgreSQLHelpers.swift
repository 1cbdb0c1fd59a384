import Bytes
import Databases
import Glibc
import Pipeline
import Profiles
import TestKit
import Testing

/// A database of its own on the test server, dropped afterwards.
final class PostgreSQLDatabaseForTest {
  let server: DatabaseServer
  let name: String

  /// Creates it; nil, said loudly, where no server runs.
  init?(_ name: String, options: String = "", on server: DatabaseServer? = nil) throws {
    guard let server = try server ?? DatabaseServer.postgres() else { return nil }
    self.server = server
    self.name = name
    PostgreSQLShell.run(server, "postgres", "DROP DATABASE IF EXISTS \(PostgreSQLShell.quoted(name)) WITH (FORCE)")
    PostgreSQLShell.run(server, "postgres", "CREATE DATABASE \(PostgreSQLShell.quoted(name)) \(options)")
  }

  deinit {
    PostgreSQLShell.run(server, "postgres", "DROP DATABASE IF EXISTS \(PostgreSQLShell.quoted(name)) WITH (FORCE)")
  }

  @discardableResult
  func run(_ script: String) -> String { PostgreSQLShell.run(server, name, script) }

  /// The settings of a backup as it should be: the least-privileged role, TCP, the server's certificate checked.
  func settings(_ change: (inout PostgreSQLSettings) -> Void = { _ in }) throws -> PostgreSQLSettings {
    var settings = try PostgreSQLShell.settings(server)
    settings.databases = [name]
    settings.globals = false
    change(&settings)
    return settings
  }

  /// Somebody who does this again and again, each time in a transaction of its own.
  func writer(_ statements: String) throws -> RunningProgram {
    let script = "DO $$ BEGIN LOOP \(statements) COMMIT; END LOOP; END $$"
    let words = PostgreSQLShell.words(server, "psql") + ["-X", "-q", "-d", PostgreSQLShell.string(server, name)]
    return try RunningProgram(["/usr/bin/env"] + words.dropFirst() + ["-c", script], environment: [:])
  }

  func dump(_ settings: PostgreSQLSettings? = nil) throws -> (sink: KeepingSink, outcome: DumpOutcome) {
    let sink = KeepingSink()
    let source = DumpSources.make(.postgresql(try settings ?? self.settings()))
    _ = try source.prepare(stop: StopSignal())
    return (sink, try source.dump(into: sink, stop: StopSignal()))
  }
}

/// The server's own tools, as the superuser.
enum PostgreSQLShell {
  static func quoted(_ name: String) -> String {
    "\"" + name.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"") + "\""
  }

  static func string(_ server: DatabaseServer, _ database: String) -> String {
    let name = database.flatMap { $0 == "'" || $0 == "\\" ? "\\\($0)" : "\($0)" }
    return "host=\(server.socket) port=\(server.port) user=\(server.owner) dbname='\(String(name))'"
  }

  static func words(_ server: DatabaseServer, _ tool: String) -> [String] {
    ["env", "HOME=/nonexistent", "\(server["TOOLS"])/\(tool)"]
  }

  @discardableResult
  static func run(_ server: DatabaseServer, _ database: String, _ script: String, file: String? = nil) -> String {
    var words =
      words(server, "psql") + ["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", string(server, database)]
    if let file { words += ["-f", file] }
    return Shell.run(words, input: script)
  }

  static func settings(_ server: DatabaseServer) throws -> PostgreSQLSettings {
    let password = "\(server.folder)/backup-password"
    if !Files.exists(password) { try Files.write(password, Array("\(server.backupPassword)\n".utf8)) }
    return PostgreSQLSettings(
      server: ServerSettings(
        host: server.host, port: server.port, user: server.backup, password: .file(password),
        tls: TLSSettings(mode: .verifyFull, caFile: server.certificateFile)))
  }

  /// Loads a dump into an empty database as anybody could by hand, and returns the manifest of what is there then.
  static func restore(
    _ sink: KeepingSink, of original: String, into target: PostgreSQLDatabaseForTest
  ) throws -> TruthManifest {
    let files = TemporaryFolder()
    let prefix = PercentName.encode(original) + "/"
    var data: [String] = []
    for (stream, bytes) in sink.streams {
      let name = String(decoding: stream.name, as: UTF8.self)
      guard name.hasPrefix(prefix) else { continue }
      let part = String(name.dropFirst(prefix.count))
      try Files.write(files.path(part), bytes)
      if part.hasPrefix("data-") { data.append(part) }
    }
    let restore = words(target.server, "pg_restore") + ["-e", "-d", string(target.server, target.name)]
    Shell.run(restore + ["--section=pre-data", files.path("schema.dump")])
    for part in data.sorted() { run(target.server, target.name, "", file: files.path(part)) }
    Shell.run(restore + ["--section=post-data", files.path("schema.dump")])
    return try truth(of: target, as: original)
  }

  /// The manifest of a database, taken by another dump.
  static func truth(of database: PostgreSQLDatabaseForTest, as name: String) throws -> TruthManifest {
    let (_, outcome) = try database.dump()
    #expect(outcome.reasons == [])
    var truth = try #require(outcome.truth)
    func renamed(_ bytes: [UInt8]) -> [UInt8] { Array(name.utf8) + bytes.dropFirst(database.name.utf8.count) }
    truth = TruthManifest(
      engine: truth.engine,
      tables: truth.tables.map { TruthManifest.Table(name: renamed($0.name), rows: $0.rows, checksum: $0.checksum) },
      sequences: truth.sequences.map {
        TruthManifest.Sequence(name: renamed($0.name), value: $0.value, isCalled: $0.isCalled)
      })
    return truth
  }
}

extension KeepingSink {
  func bytes(_ name: String) -> [UInt8]? { streams.first { $0.stream.name == Array(name.utf8) }?.bytes }
}
