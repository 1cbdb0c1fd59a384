import Bytes
import Databases
import Drills
import Format
import Glibc
import Pipeline
import Profiles
import TestKit
import Testing

/// A value of the data that must not reach a record.
private let secret = "rosebud-4711"

@Suite("Checks of a restored MariaDB", .serialized)
struct MariaDBChecksTests {
  private static let schema = """
    CREATE DATABASE checks_shop; USE checks_shop;
    CREATE TABLE customer (id int AUTO_INCREMENT PRIMARY KEY, name text NOT NULL);
    CREATE TABLE invoice (id bigint PRIMARY KEY, total decimal(10,2), changed datetime(6));
    CREATE TABLE `odd ``name` (x text) ENGINE=MyISAM;
    CREATE TABLE versioned (a int) WITH SYSTEM VERSIONING;
    CREATE TABLE nothing (x int);
    CREATE SEQUENCE numbers START WITH 7;
    INSERT INTO customer (name) SELECT CONCAT('\(secret) ', seq) FROM seq_1_to_500;
    INSERT INTO invoice SELECT seq, seq * 1.5, '2026-11-20 02:59:00.25' - INTERVAL (5000 - seq) SECOND FROM seq_1_to_5000;
    INSERT INTO `odd ``name` VALUES ('a'), ('b'), ('c\\td');
    INSERT INTO versioned VALUES (1), (2); UPDATE versioned SET a = 3 WHERE a = 1; DELETE FROM versioned WHERE a = 2;
    CREATE VIEW v AS SELECT count(*) AS n FROM customer;
    """

  private static func settings(_ server: DatabaseServer) throws -> ServerSettings {
    let password = "\(server.folder)/checks-password"
    if !Files.exists(password) { try Files.write(password, Array("\(server.ownerPassword)\n".utf8)) }
    return ServerSettings(
      host: "127.0.0.1", port: server.port, user: server.owner, password: .file(password),
      tls: TLSSettings(mode: .verifyFull, caFile: server.certificateFile))
  }

  @discardableResult
  private func sql(_ server: DatabaseServer, _ script: String) throws -> String {
    let folder = TemporaryFolder()
    let text =
      "[client]\nuser=\(server.owner)\npassword=\(server.ownerPassword)\nhost=127.0.0.1\nport=\(server.port)\n"
    try Files.write(folder.path("my.cnf"), Array(text.utf8))
    let outcome = try Program.run(
      ["mariadb", "--defaults-file=\(folder.path("my.cnf"))", "--batch", "--skip-column-names"],
      input: Array(script.utf8))
    #expect(outcome.status == 0, "\(outcome.errors)")
    return outcome.text.split(separator: "\n").joined(separator: "\n")
  }

  private func loaded() throws -> CheckedServer? {
    guard let server = try DatabaseServer.server("mariadb") else { return nil }
    let settings = try MariaDBChecksTests.settings(server)
    try sql(server, "DROP DATABASE IF EXISTS checks_shop; DROP DATABASE IF EXISTS checks_back;")
    try sql(server, MariaDBChecksTests.schema)
    let source = MariaDBSource(MariaDBSettings(server: settings, databases: ["checks_shop"]))
    return try CheckedServer(
      .mariadb, on: server, settings, from: source, LoadRequest(database: "checks_shop", newName: "checks_back"))
  }

  @Test("all pass on what came back, exact and sampled")
  func good() throws {
    guard let loaded = try loaded() else { return }
    #expect(try loaded.run(.manifest(ManifestCheck())).line == "pass: equal: 5 tables")
    #expect(
      try loaded.run(.manifest(ManifestCheck(sample: 0.3, seed: 7))).line
        == "pass: equal in a sample, seed 7: checksums of 2 of 5 tables, rows of all")
    #expect(try loaded.run(.manifest(ManifestCheck(sample: 1, seed: 7))).outcome == .pass)
    let integrity = try CheckOf.result(.integrity, on: loaded.data())
    #expect(integrity.recorded.outcome == .pass, "\(integrity)")
    #expect(integrity.recorded.detail.hasPrefix("CHECK TABLE: ok in "), "\(integrity)")
    #expect(try RestoredEvidence.look(at: loaded.data(), stop: StopSignal()) != nil)
  }

  @Test("the manifest fails on a row changed after the load, a row and a table that is gone, and one too many")
  func changed() throws {
    guard let loaded = try loaded() else { return }
    let name = try sql(loaded.server, "SELECT name FROM checks_back.customer WHERE id = 7")
    for (change, back, isOnlyInRows) in [
      ("UPDATE customer SET name = 'x' WHERE id = 7", "UPDATE customer SET name = '\(name)' WHERE id = 7", true),
      ("DELETE FROM customer WHERE id = 7", "INSERT INTO customer VALUES (7, '\(name)')", false),
      ("DROP TABLE nothing", "CREATE TABLE nothing (x int)", false),
      ("CREATE TABLE another (x int)", "DROP TABLE another", false),
      ("INSERT INTO versioned VALUES (9)", "", false),
    ] {
      try sql(loaded.server, "USE checks_back; \(change);")
      let exact = try CheckOf.result(.manifest(ManifestCheck()), on: loaded.data())
      #expect(exact.recorded.outcome == .fail && !exact.particulars.isEmpty, "\(change): \(exact)")
      let outcomes = try (1...5).map { seed in
        try loaded.run(.manifest(ManifestCheck(sample: 0.3, seed: seed))).outcome
      }
      #expect(isOnlyInRows ? Set(outcomes) == [.pass, .fail] : Set(outcomes) == [.fail], "\(change): \(outcomes)")
      try sql(loaded.server, "USE checks_back; \(back)")
      if !back.isEmpty { #expect(try loaded.run(.manifest(ManifestCheck())).outcome == .pass, "\(back)") }
    }
  }

  @Test("a damaged file of a table fails CHECK TABLE")
  func damaged() throws {
    guard let loaded = try loaded() else { return }
    let folder = try sql(loaded.server, "FLUSH TABLES checks_back.`odd ``name`; SELECT @@datadir")
    let path = "\(folder)checks_back/odd @0060name.MYD".replacing(" ", with: "@0020")
    let file = try Descriptor.open(path, O_WRONLY)
    var buffer = Buffer(capacity: 24)
    [UInt8](repeating: 0xa5, count: 24).withUnsafeBytes { buffer.replace(with: $0) }
    try buffer.withBytes { try file.write($0) }
    let result = try CheckOf.result(.integrity, on: loaded.data())
    #expect(result.recorded.outcome == .fail, "\(result)")
    #expect(result.particulars.joined().contains("odd"))
    try sql(loaded.server, "DROP TABLE checks_back.`odd ``name`")
  }

  @Test("without mariadb-check, or a server, nothing is said; a database that is gone fails")
  func missing() throws {
    guard let loaded = try loaded() else { return }
    let tools = TemporaryFolder()
    for name in ["mariadb", "mariadb-dump"] { symlink("/usr/bin/\(name)", tools.path(name)) }
    var settings = loaded.settings
    settings.tools.folder = tools.path
    #expect(try loaded.run(.integrity, loaded.data(settings)).line == "unmeasured: no mariadb-check here")
    settings = loaded.settings
    settings.port = 1
    for check in [Check.integrity, .manifest(ManifestCheck(sample: 0.5)), CheckOf.canary("SELECT now()")] {
      #expect(try loaded.run(check, loaded.data(settings)).line == "unmeasured: mariadb could not be asked")
    }
    #expect(
      try loaded.run(.manifest(ManifestCheck()), loaded.data(truth: TruthManifest())).outcome == .unmeasured)
    try sql(loaded.server, "DROP DATABASE checks_back")
    for check in [Check.integrity, .manifest(ManifestCheck()), CheckOf.canary("SELECT now()")] {
      #expect(try loaded.run(check).line == "fail: a restored database is not there")
    }
    #expect(try RestoredEvidence.look(at: loaded.data(), stop: StopSignal()) == nil)
  }

  @Test("queries give one value, whatever it holds, and what writes is refused")
  func queries() throws {
    guard let loaded = try loaded() else { return }
    for (query, answer) in [
      ("SELECT count(*) FROM customer", "500"), ("SELECT database();", "checks_back"), ("SELECT n FROM v", "500"),
      ("SELECT 'a<b>&\"''`c' -- end", "a<b>&\"'`c"), ("SELECT \"</field>\\\"\"", "</field>\""),
      ("SELECT 'NULL'", "NULL"),
      ("SELECT 'two\nlines'", "two\nlines"), ("SELECT 'ä' AS `x\"y`", "ä"), ("(SELECT 1) # end", "1"),
      ("SELECT 5 - -3 /* ; */", "8"),
    ] {
      #expect(try loaded.query(query, expect: answer, database: "checks_shop").outcome == .pass, "\(query)")
    }
    for query in ["SELECT NULL", "SELECT 1, 1", "SELECT 1 UNION ALL SELECT 1", "SELECT 1 FROM nothing WHERE false"] {
      #expect(try loaded.query(query, expect: "NULL").line == "fail: the answer is not as expected", "\(query)")
    }
    for query in [
      "DELETE FROM customer", "SELECT 1; DELETE FROM customer", "COMMIT; DELETE FROM customer", "DROP TABLE customer",
      "SELECT 1 \\! touch /tmp/lifeboat-checks-touched", "SELECT 1 INTO OUTFILE '/tmp/lifeboat-checks-touched'",
      "SELECT 1 /*! INTO OUTFILE '/tmp/lifeboat-checks-touched' */", "SELECT /*M! 1 */", "SELECT 'open", "SELECT `open",
      "SELECT /* open", "SET autocommit = 1", "CALL x()", "SELECT NEXTVAL(numbers)", "SELEC 1", "SELECT x FROM gone",
      "HANDLER customer OPEN", "system touch /tmp/lifeboat-checks-touched", "",
    ] {
      #expect(try loaded.query(query, expect: "1").line == "fail: mariadb could not answer", "\(query)")
    }
    #expect(try loaded.query("SELECT count(*) FROM customer", expect: "500").outcome == .pass)
    #expect(!Files.exists("/tmp/lifeboat-checks-touched"))
  }

  @Test("canaries and the newest row are read in UTC, with their fractions")
  func moments() throws {
    guard let loaded = try loaded() else { return }
    let newest = try newestRow(
      NewestRow(query: "SELECT MAX(changed) FROM invoice"), in: loaded.data(), stop: StopSignal())
    #expect(newest.moment == Moment(seconds: 1_795_143_540, nanoseconds: 250_000_000) && newest.problem == nil)
    #expect(try loaded.run(CheckOf.canary("SELECT MAX(changed) FROM invoice")).line == "pass: the canary is there")
    #expect(
      try loaded.run(CheckOf.canary("SELECT TIMESTAMP'2026-11-20 03:00:00.6'")).line
        == "fail: the canary is younger than the dump")
    #expect(try loaded.run(CheckOf.canary("SELECT MIN(changed) FROM invoice")).line == "fail: the canary is too old")
    #expect(
      try loaded.run(CheckOf.canary("SELECT FROM_UNIXTIME(1795143600)")).line == "pass: the canary is there")
  }

  @Test("programs find the server by the option file, and the password nowhere else")
  func programs() throws {
    guard let loaded = try loaded() else { return }
    let script = """
      test "$(mariadb --batch --skip-column-names -e 'SELECT count(*) FROM customer' "$LIFEBOAT_RESTORED")" = 500 &&
      test "$(mariadb --defaults-file="$LIFEBOAT_OPTION_FILE" -BN -e 'SELECT 1')" = 1 &&
      test "$(stat -c %a "$LIFEBOAT_OPTION_FILE")" = 600 && ! env | grep -qF '\(loaded.server.ownerPassword)'
      """
    let check = ProgramCheck(name: "smoke", command: ["/bin/sh", "-c", script], looksAtData: true)
    let result = try CheckOf.result(.program(check), on: loaded.data())
    #expect(result.recorded.outcome == .pass, "\(result)")
  }
}
