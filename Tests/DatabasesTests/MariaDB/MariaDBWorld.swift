import Bytes
import Databases
import Pipeline
import Profiles
import TestKit
import Testing

/// Tests on the one server take turns: they make and drop the same databases.
@Suite("A MariaDB server", .serialized)
struct MariaDBServerTests {}

/// A MariaDB server as tests use it: scripts run by its root, and profiles of either user.
struct MariaDBWorld {
  let server: DatabaseServer
  let folder = TestFolder()

  /// An option file of root's, for the tools themselves.
  let ownerFile: String

  init(_ server: DatabaseServer) {
    self.server = server
    let text = """
      [client]
      user=\(server.owner)
      password=\(server.ownerPassword)
      host=127.0.0.1
      port=\(server.port)
      protocol=tcp

      """
    ownerFile = folder.file("owner.cnf", text)
  }

  /// The shared server; nil where there is none.
  static func shared() throws -> MariaDBWorld? { try DatabaseServer.server("mariadb").map { MariaDBWorld($0) } }

  /// How the backup's user gets there: over TCP, with the server's certificate verified.
  func backupSettings(host: String = "127.0.0.1") -> ServerSettings {
    settings(server.backup, server.backupPassword, host: host)
  }

  /// The same for root.
  func ownerSettings() -> ServerSettings { settings(server.owner, server.ownerPassword) }

  func settings(_ user: String, _ password: String, host: String = "127.0.0.1") -> ServerSettings {
    ServerSettings(
      host: host, port: server.port, user: user,
      password: .file(folder.file("password-\(user)", password + "\n")),
      tls: TLSSettings(mode: .verifyFull, caFile: server.certificateFile))
  }

  /// Runs a script as root; returns what it prints.
  @discardableResult
  func sql(_ script: String, database: String? = nil, expecting status: Int32 = 0) -> String {
    let words = ["mariadb", "--defaults-file=\(ownerFile)", "--batch", "--skip-column-names"]
    return Shell.run(
      words + ["--default-character-set=utf8mb4"] + (database.map { ["--database=\($0)"] } ?? []), input: script,
      expecting: status)
  }

  /// Dumps; returns what came of it.
  func dump(_ settings: MariaDBSettings, stop: StopSignal = StopSignal()) throws -> MariaDBDumped {
    let sink = KeepingSink(stop: stop)
    let source = MariaDBSource(settings)
    let description = try source.prepare(stop: stop)
    let outcome = try source.dump(into: sink, stop: stop)
    return MariaDBDumped(description: description, outcome: outcome, sink: sink)
  }

  /// A database with a bit of everything that is hard to dump.
  func makeZoo(_ name: String) {
    let quoted = "`\(name.split(separator: "`", omittingEmptySubsequences: false).joined(separator: "``"))`"
    sql("DROP DATABASE IF EXISTS \(quoted); CREATE DATABASE \(quoted); USE \(quoted);\n" + MariaDBWorld.zoo)
  }

  private static let zoo = #"""
    CREATE TABLE `t``x; -- "` (id int primary key, b longblob, v varbinary(20), j json, s longtext,
      l varchar(20) character set latin1, g int generated always as (id*2) stored,
      vg int generated always as (id*3) virtual, d double, dt timestamp(6) null, bits bit(9), e enum('a','b'),
      geo point, u uuid, i inet6);
    INSERT INTO `t``x; -- "` (id,b,v,j,s,l,d,dt,bits,e,geo,u,i) VALUES
      (1,x'00ff275c0a',x'41','{"a":"x\\ny\'),(\'"}','it''s a \\ \n "q" 😀 ),(\'\r\0',_latin1 x'e9',1.5e300,
       '2026-01-02 03:04:05.123456',b'101','a',point(1,2),uuid(),'::1'),
      (2,'','',null,'',null,null,null,null,null,null,null,null),
      (-3,repeat(x'5c27',100000),null,'[]',repeat('(''),\n',30000),';',-0.1,null,b'0','b',null,null,null);
    CREATE TABLE `INSERT INTO ``x`` VALUES` (`VALUES (` int, `b) VALUES (1),(` text);
    INSERT INTO `INSERT INTO ``x`` VALUES` VALUES (1,'CREATE TABLE `no` ('),(2,'USE `no`;'),(2,'USE `no`;');
    CREATE TABLE nothing (a int);
    CREATE TABLE versioned (a int) WITH SYSTEM VERSIONING;
    INSERT INTO versioned VALUES (1),(2); UPDATE versioned SET a = 3 WHERE a = 1; DELETE FROM versioned WHERE a = 2;
    CREATE TABLE parts (id int, t text) PARTITION BY RANGE (id)
      (PARTITION p0 VALUES LESS THAN (10), PARTITION p1 VALUES LESS THAN MAXVALUE);
    INSERT INTO parts VALUES (5,'five'),(50,'fifty');
    CREATE TABLE parent (id int primary key); CREATE TABLE child (id int references parent(id));
    INSERT INTO parent VALUES (1); INSERT INTO child VALUES (1);
    CREATE SEQUENCE numbers START WITH 7; SELECT NEXTVAL(numbers);
    CREATE VIEW v AS SELECT id, s FROM `t``x; -- "`;
    CREATE VIEW w AS SELECT count(*) AS n FROM v;
    DELIMITER //
    CREATE PROCEDURE p() BEGIN
    SELECT 'INSERT INTO `x` VALUES (1);
    INSERT INTO `x` VALUES
    (1),
    (2);
    USE `evil`;
    CREATE DATABASE `evil`;
    '; END//
    CREATE FUNCTION f() RETURNS int DETERMINISTIC RETURN 3//
    CREATE TRIGGER tr BEFORE INSERT ON nothing FOR EACH ROW SET new.a = new.a + 1//
    CREATE EVENT ev ON SCHEDULE EVERY 1 DAY DO SELECT 1//
    DELIMITER ;
    """#
}

/// What came of a dump.
struct MariaDBDumped {
  let description: SourceDescription
  let outcome: DumpOutcome
  let sink: KeepingSink

  func bytes(_ name: String) -> [UInt8] {
    sink.streams.first { $0.stream.name == Array(name.utf8) }?.bytes ?? []
  }

  func text(_ name: String) -> String { String(decoding: bytes(name), as: UTF8.self) }

  /// Rows by `database.table`.
  var rows: [String: UInt64] {
    var rows: [String: UInt64] = [:]
    for table in outcome.truth?.tables ?? [] { rows[String(decoding: table.name, as: UTF8.self)] = table.rows }
    return rows
  }
}
