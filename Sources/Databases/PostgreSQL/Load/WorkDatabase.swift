import Bytes
import Glibc
import Pipeline
import Profiles

/// A database that is being loaded under a name of its own, until it is good: what was there before stays as it is, and
/// a load that is cut off leaves nothing in the way of the next.
struct WorkDatabase: Sendable {
  private let server: LoadServer
  /// The name while it is loaded.
  let name: String
  /// The name that it is to get.
  let target: String

  init(_ server: LoadServer, name: String, target: String) {
    self.server = server
    self.name = name
    self.target = target
  }

  /// A name of 63 bytes at most, which is what the server keeps of longer ones.
  static func name(for target: String, _ word: String = "lifeboat_\(Identifier.random().hex.prefix(8))") -> String {
    var head = target
    while head.utf8.count + word.utf8.count + 1 > 63 { head.removeLast() }
    return "\(head)_\(word)"
  }

  /// Drops what earlier runs left of the same target.
  func sweep(_ leftovers: [String], stop: StopSignal) throws(Failure) {
    for name in leftovers { try drop(name, stop) }
  }

  /// Creates it as the dumped one was, for this role alone at first.
  func create(like facts: PostgreSQLFacts, keepsOwner: Bool, stop: StopSignal) throws(Failure) {
    let database = facts.database
    var words = ["TEMPLATE template0 ENCODING \(literal(database.encoding))"]
    words.append("LC_COLLATE \(literal(database.collate)) LC_CTYPE \(literal(database.ctype))")
    let locale = literal(database.locale ?? "")
    switch database.localeProvider {
    case "icu": words.append("LOCALE_PROVIDER icu ICU_LOCALE \(locale)")
    case "builtin": words.append("LOCALE_PROVIDER builtin BUILTIN_LOCALE \(locale)")
    default: break
    }
    var script = Array("CREATE DATABASE \(identifier(name)) \(words.joined(separator: " "));\n".utf8)
    script += Array("COMMENT ON DATABASE \(identifier(name)) IS \(literal(LoadMark(target: target).text));\n".utf8)
    if keepsOwner, !database.owner.isEmpty {
      script += Array("ALTER DATABASE \(identifier(name)) OWNER TO ".utf8)
      script += PostgreSQLText.identifier(database.owner) + Array(";\n".utf8)
    }
    try server.maintenance.execute(script, stop: stop)
  }

  /// Gives it its settings, rights and comment, and its name.
  ///
  /// - Parameters:
  ///   - script: what the dump says of the database itself, with its name in place
  ///   - aside: the name that a database of the target's name gets first
  /// - Returns: what the server did not take of the script
  func settle(_ script: [UInt8], aside: String?, stop: StopSignal) throws(Failure) -> [String] {
    var steps = ""
    if let aside {
      // Nobody comes in any more, and who is in goes, so that nothing is written into it unseen.
      steps += "ALTER DATABASE \(identifier(target)) ALLOW_CONNECTIONS false;\n" + evict(target)
      steps += "ALTER DATABASE \(identifier(target)) RENAME TO \(identifier(aside));\n"
    }
    steps += evict(name)
    steps += "COMMENT ON DATABASE \(identifier(name)) IS NULL;\n"
    steps += "ALTER DATABASE \(identifier(name)) RENAME TO \(identifier(target));\n"
    if let aside { steps += "ALTER DATABASE \(identifier(aside)) ALLOW_CONNECTIONS true;\n" }
    do {
      try outside.execute(Array(steps.utf8), stop: stop)
    } catch {
      // A database that nobody can enter would be worse than one that was not replaced.
      if aside != nil {
        let open = "ALTER DATABASE \(identifier(target)) ALLOW_CONNECTIONS true;"
        try? outside.execute(Array(open.utf8), stop: stop)
      }
      throw error
    }
    guard !script.isEmpty else { return [] }
    var command = server.connection.command(
      server.tools.path("psql"), ["-X", "-w", "-q", "-d", server.string(target)])
    command.input = .bytes(script)
    let result = try Child.run(command, stop: stop)
    return result.errorText.split(separator: "\n").filter { $0.contains("ERROR:") }.map { line in
      server.connection.redaction.clean(String(line))
    }
  }

  /// A database that is not the one that is replaced: nobody can rename what he is in.
  private var outside: PostgreSQLQuery {
    target == server.server.maintenance ? server.query("template1") : server.maintenance
  }

  func drop(_ name: String, _ stop: StopSignal) throws(Failure) {
    let force = server.server.facts.version.major >= 13 ? " WITH (FORCE)" : ""
    try server.maintenance.execute(Array("DROP DATABASE IF EXISTS \(identifier(name))\(force);".utf8), stop: stop)
  }

  /// Ends the sessions in a database, and waits for them to go.
  private func evict(_ name: String) -> String {
    """
    DO $$ BEGIN
    PERFORM pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = \(literal(name));
    FOR i IN 1..100 LOOP
    PERFORM pg_stat_clear_snapshot();
    EXIT WHEN NOT EXISTS (SELECT FROM pg_stat_activity WHERE datname = \(literal(name)));
    PERFORM pg_sleep(0.05);
    END LOOP;
    END $$;

    """
  }

  private func identifier(_ text: String) -> String {
    String(decoding: PostgreSQLText.identifier(Array(text.utf8)), as: UTF8.self)
  }

  private func literal(_ text: String) -> String {
    String(decoding: PostgreSQLText.literal(Array(text.utf8)), as: UTF8.self)
  }
}

/// What the dump says of the database itself (settings, rights, comment), for the name that it gets.
enum DatabaseScript {
  /// - Parameters:
  ///   - output: what `pg_restore --create` prints of these entries
  ///   - name: the name in the dump
  ///   - target: the name that it gets
  static func make(_ output: [UInt8], name: String, target: String) -> [UInt8] {
    let heads = ["ALTER DATABASE ", "ALTER ROLE ", "COMMENT ON DATABASE ", "GRANT ", "REVOKE ", "SECURITY LABEL "]
    let old = "DATABASE \(spelled(name)) "
    let new = Array(
      ("DATABASE " + String(decoding: PostgreSQLText.identifier(Array(target.utf8)), as: UTF8.self) + " ").utf8)
    var script: [UInt8] = []
    var isOfDatabase = false
    for line in output.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
      // Everything before the change to the database creates it, which is done.
      if line.starts(with: Array("\\connect ".utf8)) { isOfDatabase = true }
      guard isOfDatabase, line.first != UInt8(ascii: "\\") else { continue }
      if heads.contains(where: { line.starts(with: Array($0.utf8)) }),
        let place = line.firstRange(of: Array(old.utf8))
      {
        script += line[..<place.lowerBound] + new + line[place.upperBound...]
      } else {
        script += line
      }
      script.append(UInt8(ascii: "\n"))
    }
    return script
  }

  /// As pg_dump spells a name: in quotation marks only where it must be. Reserved words are quoted, too.
  private static func spelled(_ name: String) -> String {
    let isPlain = name.utf8.enumerated().allSatisfy { index, byte in
      (0x61...0x7a).contains(byte) || byte == 0x5f || (index > 0 && (0x30...0x39).contains(byte))
    }
    return isPlain ? name : String(decoding: PostgreSQLText.identifier(Array(name.utf8)), as: UTF8.self)
  }
}
