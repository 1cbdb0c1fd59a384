/// What a component is dumped from. `Profiles` owns these values; `Databases` gives them their meaning.
package enum SourceSettings: Sendable, Equatable {
  /// A SQLite database file.
  case sqlite(SQLiteSettings)
  /// A program whose output is the dump.
  case command(CommandSettings)
  /// The standard input of the run is the dump.
  case standardInput(StandardInputSettings)
  /// A folder with everything in it.
  case directory(DirectorySettings)
  /// Databases of a PostgreSQL server.
  case postgresql(PostgreSQLSettings)
  /// Databases of a MariaDB or MySQL server.
  case mariadb(MariaDBSettings)
  /// A Redis server.
  case redis(RedisSettings)

  /// The word for it in a profile.
  package var kind: String {
    switch self {
    case .sqlite: "sqlite"
    case .command: "command"
    case .standardInput: "stdin"
    case .directory: "directory"
    case .postgresql: "postgresql"
    case .mariadb: "mariadb"
    case .redis: "redis"
    }
  }
}

/// A SQLite database file, dumped through the `sqlite3` command.
package struct SQLiteSettings: Sendable, Equatable {
  /// The database file.
  package var path: String
  /// The folder for the consistent copy; nil means `$TMPDIR`, or `/var/tmp` without it.
  package var scratch: String?
  /// How long to wait for a lock that another process holds.
  package var busyTimeout: Seconds

  /// The time to wait where a profile says nothing.
  package static let defaultBusyTimeout = Seconds(60)

  package init(path: String, scratch: String? = nil, busyTimeout: Seconds = defaultBusyTimeout) {
    self.path = path
    self.scratch = scratch
    self.busyTimeout = busyTimeout
  }
}

/// A program whose output is the dump.
package struct CommandSettings: Sendable, Equatable {
  /// Program and arguments; a text in the profile has become `/bin/sh -c text`.
  package var run: [String]
  /// The name of the stream.
  package var stream: String
  /// What must stand within the last 4096 bytes of a whole dump, such as `-- Dump completed`.
  package var marker: String?
  /// What the program finds in its environment beside what lifeboat itself has.
  package var environment: [EnvironmentSetting]
  /// The folder the program runs in; nil means the current one.
  package var directory: String?
  /// What is dumped, for the snapshot.
  package var engine: EngineSettings?
  /// About how long the dump is, for the time left; a hint only.
  package var expectedSize: ByteCount?

  /// The name of a stream that a profile doesn't name.
  package static let defaultStream = "dump"

  package init(
    run: [String], stream: String = defaultStream, marker: String? = nil, environment: [EnvironmentSetting] = [],
    directory: String? = nil, engine: EngineSettings? = nil, expectedSize: ByteCount? = nil
  ) {
    self.run = run
    self.stream = stream
    self.marker = marker
    self.environment = environment
    self.directory = directory
    self.engine = engine
    self.expectedSize = expectedSize
  }
}

/// One variable for a program that lifeboat runs.
package struct EnvironmentSetting: Sendable, Equatable {
  /// What the variable holds.
  package enum Value: Sendable, Equatable {
    /// A value that stands in the profile.
    case literal(String)
    /// A secret from elsewhere.
    case reference(SecretReference)
  }

  /// The variable's name.
  package var name: String
  /// The variable's value.
  package var value: Value

  package init(name: String, value: Value) {
    self.name = name
    self.value = value
  }
}

/// What a command dumps: a name, and how to ask for the version.
package struct EngineSettings: Sendable, Equatable {
  /// Such as `postgresql`.
  package var name: String
  /// A program and arguments whose first line of output is the version; nil if there is none to ask.
  package var version: [String]?

  package init(name: String, version: [String]? = nil) {
    self.name = name
    self.version = version
  }
}

/// The standard input of the run is the dump.
package struct StandardInputSettings: Sendable, Equatable {
  /// The name of the stream.
  package var stream: String
  /// What must stand within the last 4096 bytes of a whole dump.
  package var marker: String?
  /// About how long the dump is, for the time left; a hint only.
  package var expectedSize: ByteCount?

  package init(stream: String = CommandSettings.defaultStream, marker: String? = nil, expectedSize: ByteCount? = nil) {
    self.stream = stream
    self.marker = marker
    self.expectedSize = expectedSize
  }
}

/// A folder with everything in it.
package struct DirectorySettings: Sendable, Equatable {
  /// The folder.
  package var path: String
  /// Globs of what is left out, matched against the path relative to the folder; one without a `/` matches a name at
  /// any depth.
  package var exclude: [String]

  package init(path: String, exclude: [String] = []) {
    self.path = path
    self.exclude = exclude
  }
}
