/// What is known about a dumped database beside its data: `DB/about.json` of a dump, for whoever restores it.
///
/// Names are bytes in the database's own encoding. Sequences have the values that the data streams set; a sequence that
/// two streams set has the greater one here, so that a load sets all of them once more from here when the streams are in.
package struct PostgreSQLFacts: Sendable, Equatable {
  /// The server that was dumped.
  package struct Server: Sendable, Equatable {
    package var version: PostgreSQLVersion
    /// As the server says it: `15.20 (Debian 15.20-0+deb12u1)`.
    package var versionText: String
    /// What `initdb` drew; equal for a primary and its standbys.
    package var systemIdentifier: String
    package var isStandby: Bool
    /// How far a standby was behind when the snapshot was taken, in milliseconds; at most this where it was idle. Nil on
    /// a primary, and where nobody knows.
    package var lagMilliseconds: Int64?

    package init(
      version: PostgreSQLVersion, versionText: String = "", systemIdentifier: String = "", isStandby: Bool = false,
      lagMilliseconds: Int64? = nil
    ) {
      self.version = version
      self.versionText = versionText
      self.systemIdentifier = systemIdentifier
      self.isStandby = isStandby
      self.lagMilliseconds = lagMilliseconds
    }
  }

  /// The database, with what a new one must be created with.
  package struct Database: Sendable, Equatable {
    package var name: String
    package var oid: UInt32
    /// `UTF8`, `LATIN1`.
    package var encoding: String
    package var collate: String
    package var ctype: String
    /// `libc`, `icu` or `builtin`.
    package var localeProvider: String
    /// The locale of ICU or of the builtin provider; nil for libc.
    package var locale: String?
    package var owner: [UInt8]
    package var tablespace: [UInt8]
    /// In bytes on the server's disk.
    package var size: UInt64

    package init(
      name: String, oid: UInt32 = 0, encoding: String = "UTF8", collate: String = "C", ctype: String = "C",
      localeProvider: String = "libc", locale: String? = nil, owner: [UInt8] = [], tablespace: [UInt8] = [],
      size: UInt64 = 0
    ) {
      self.name = name
      self.oid = oid
      self.encoding = encoding
      self.collate = collate
      self.ctype = ctype
      self.localeProvider = localeProvider
      self.locale = locale
      self.owner = owner
      self.tablespace = tablespace
      self.size = size
    }
  }

  package struct Extension: Sendable, Equatable {
    package var name: [UInt8]
    package var version: [UInt8]
    package var schema: [UInt8]

    package init(name: [UInt8], version: [UInt8], schema: [UInt8]) {
      self.name = name
      self.version = version
      self.schema = schema
    }
  }

  /// A table that holds rows, or could.
  package struct Table: Sendable, Equatable {
    package enum Kind: String, Sendable {
      /// With rows of its own, a partition too.
      case table
      /// Whose rows lie in partitions.
      case partitioned
      /// Whose rows a restore computes again.
      case materializedView = "materialized-view"
      /// Whose rows lie on another server and are not dumped.
      case foreign
    }

    package var schema: [UInt8]
    package var name: [UInt8]
    package var kind: Kind
    /// By SQL in the snapshot of the dump; nil where the table has no rows of its own, or they are not dumped.
    package var rows: UInt64?
    /// On the server's disk, without indexes.
    package var bytes: UInt64
    /// The stream that holds its rows: `orders/data-0002.sql`; nil as with `rows`.
    package var stream: [UInt8]?
    /// Where it isn't the database's own.
    package var tablespace: [UInt8]?

    package init(
      schema: [UInt8], name: [UInt8], kind: Kind = .table, rows: UInt64? = nil, bytes: UInt64 = 0,
      stream: [UInt8]? = nil, tablespace: [UInt8]? = nil
    ) {
      self.schema = schema
      self.name = name
      self.kind = kind
      self.rows = rows
      self.bytes = bytes
      self.stream = stream
      self.tablespace = tablespace
    }
  }

  package struct Sequence: Sendable, Equatable {
    package var schema: [UInt8]
    package var name: [UInt8]
    package var value: Int64
    /// False where `value` is the next one, true where it was the last.
    package var isCalled: Bool

    package init(schema: [UInt8], name: [UInt8], value: Int64, isCalled: Bool) {
      self.schema = schema
      self.name = name
      self.value = value
      self.isCalled = isCalled
    }
  }

  package var server: Server
  /// The version of `pg_dump`.
  package var tool: PostgreSQLVersion
  package var database: Database
  package var extensions: [Extension]
  /// Roles that objects belong to, or that have rights on them.
  package var roles: [[UInt8]]
  /// Sorted by schema and name.
  package var tables: [Table]
  package var sequences: [Sequence]
  package var largeObjects: UInt64
  /// When the snapshot was taken, in nanoseconds since 1970, UTC.
  package var taken: UInt64
  /// For how long it was held, in milliseconds.
  package var heldMilliseconds: UInt64
  /// What the dumping role could not read or what is left out by its nature, in words.
  package var losses: [String]

  package init(
    server: Server, tool: PostgreSQLVersion, database: Database, extensions: [Extension] = [], roles: [[UInt8]] = [],
    tables: [Table] = [], sequences: [Sequence] = [], largeObjects: UInt64 = 0, taken: UInt64 = 0,
    heldMilliseconds: UInt64 = 0, losses: [String] = []
  ) {
    self.server = server
    self.tool = tool
    self.database = database
    self.extensions = extensions
    self.roles = roles
    self.tables = tables
    self.sequences = sequences
    self.largeObjects = largeObjects
    self.taken = taken
    self.heldMilliseconds = heldMilliseconds
    self.losses = losses
  }
}
