package import Bytes
import Databases
import Engine
import Format
import FoundationEssentials
package import Pipeline
package import Repository

/// What is known of a component's newest whole snapshot: what the commands of a kit are made for.
package struct KitContents: Sendable, Equatable {
  /// The engine that the snapshot names, and its version.
  package var engine: String
  package var version: String
  /// Whose layout the streams have: the kind of the source that dumped them. Nil where a program of somebody's own did,
  /// whatever engine it names.
  package var layout: String?
  /// Bytes of the dump.
  package var bytes: UInt64
  /// The newest whole snapshot, when it was taken.
  package var snapshot: String
  package var taken: UInt64
  /// Whether it has roles or users beside the databases.
  package var hasGlobals = true
  /// Its databases; nil where this key can't read them.
  package var databases: [String]?
  /// Locales that its databases need beside those of every system.
  package var locales: [String] = []
  /// Extensions that are not a part of the server's own package.
  package var extensions: [String] = []

  package init(
    engine: String, version: String, bytes: UInt64 = 0, snapshot: String = "", taken: UInt64 = 0
  ) {
    self.engine = engine
    self.version = version
    self.bytes = bytes
    self.snapshot = snapshot
    self.taken = taken
  }

  /// What a snapshot says of itself.
  package init(_ listed: ListedSnapshot) {
    let snapshot = listed.snapshot
    self.init(
      engine: snapshot.engine.kind, version: snapshot.engine.version, bytes: snapshot.catalogue.length,
      snapshot: listed.name.hex, taken: snapshot.started.value)
    layout = RecordedSource.kind(snapshot.profile)
  }

  /// The same with what only a restorer can read: names of databases, locales, extensions.
  package mutating func read(
    _ listed: ListedSnapshot, _ access: RestorerAccess, stop: StopSignal
  ) throws(Failure) {
    let run = RestoreRun(access, stop: stop, progress: RunProgress())
    let streams = try SnapshotStreams(
      listed, from: try run.source(of: listed), access: access, lanes: 1, stop: stop, progress: RunProgress())
    let names = streams.streams.map { String(decoding: $0.name, as: UTF8.self) }
    switch layout {
    case "postgresql": try readPostgreSQL(streams, names, stop)
    case "mariadb":
      hasGlobals = names.contains("users.sql")
      databases = try? MariaDBNames.read(
        try streams.read(Array("about.json".utf8), limit: KitContents.limit, stop: stop))
    default: databases = nil
    }
  }

  /// The most that facts about a database may take, in bytes.
  private static let limit = 256 << 20
  /// Locales that are there without a package.
  private static let everywhere: Set = ["", "C", "POSIX", "C.UTF-8", "C.utf8"]
  /// Extensions of the server's own package in Debian, which has the contributed ones in it.
  private static let contributed: Set = [
    "plpgsql", "adminpack", "amcheck", "autoinc", "bloom", "btree_gin", "btree_gist", "citext", "cube", "dblink",
    "dict_int", "dict_xsyn", "earthdistance", "file_fdw", "fuzzystrmatch", "hstore", "insert_username", "intagg",
    "intarray", "isn", "lo", "ltree", "moddatetime", "old_snapshot", "pageinspect", "pg_buffercache",
    "pg_freespacemap", "pg_prewarm", "pg_stat_statements", "pg_surgery", "pg_trgm", "pg_visibility", "pg_walinspect",
    "pgcrypto", "pgrowlocks", "pgstattuple", "postgres_fdw", "refint", "seg", "sslinfo", "tablefunc", "tcn",
    "tsm_system_rows", "tsm_system_time", "unaccent", "uuid-ossp", "xml2",
  ]

  private mutating func readPostgreSQL(
    _ streams: SnapshotStreams, _ names: [String], _ stop: StopSignal
  ) throws(Failure) {
    hasGlobals = names.contains("globals.sql")
    var found: [String] = []
    var locales: Set<String> = []
    var extensions: Set<String> = []
    for name in names where name.hasSuffix("/about.json") {
      let facts = try PostgreSQLFacts(
        json: try streams.read(Array(name.utf8), limit: KitContents.limit, stop: stop))
      found.append(facts.database.name)
      locales.formUnion([facts.database.collate, facts.database.ctype])
      extensions.formUnion(facts.extensions.map { String(decoding: $0.name, as: UTF8.self) })
    }
    databases = found.sorted()
    self.locales = locales.subtracting(KitContents.everywhere).sorted()
    self.extensions = extensions.subtracting(KitContents.contributed).sorted()
  }
}

/// The kind of the source in the profile that travels with a snapshot.
private struct RecordedSource: Decodable {
  private enum CodingKeys: String, CodingKey { case kind = "source.kind" }

  private let kind: String?

  static func kind(_ profile: String) -> String? {
    try? JSONDecoder().decode(RecordedSource.self, from: Data(profile.utf8)).kind
  }
}

/// The names of the databases in `about.json` of a dump of MariaDB.
private struct MariaDBNames: Decodable {
  private struct Database: Decodable { let name: String }

  private let databases: [Database]

  static func read(_ json: [UInt8]) throws -> [String] {
    try JSONDecoder().decode(MariaDBNames.self, from: Data(json)).databases.map(\.name).sorted()
  }
}
