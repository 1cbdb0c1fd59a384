import Bytes
import Databases
import Pipeline

/// Roles and tablespaces that a scratch PostgreSQL needs before anything can be loaded: what the snapshot has of them, and
/// where it has none, the bare names that the databases speak of.
///
/// Tablespaces lie in the scratch server's own folder. Where the dump says they lie may be a place of this very machine.
enum ScratchGlobals {
  static let name = Array("globals.sql".utf8)
  private static let limit = 64 << 20
  private static let factsLimit = 256 << 20

  /// What the facts of one snapshot say.
  struct Facts {
    var databases: [PostgreSQLFacts] = []

    /// The version that was dumped; nil where there is no database.
    var major: Int? { databases.map(\.server.version.major).max() }
    /// On the server's disk, in bytes; nil where nobody knew.
    var size: UInt64? {
      let sizes = databases.map(\.database.size)
      return sizes.isEmpty || sizes.contains(0) ? nil : sizes.reduce(0, +)
    }
  }

  static func facts(in streams: any StreamProvider, stop: StopSignal) throws(Failure) -> Facts {
    var facts = Facts()
    for stream in streams.streams {
      let parts = stream.name.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
      guard parts.count == 2, parts[1].elementsEqual("about.json".utf8) else { continue }
      facts.databases.append(
        try PostgreSQLFacts(json: try streams.read(stream.name, limit: factsLimit, stop: stop)))
    }
    return facts
  }

  /// The script.
  ///
  /// - Parameter makeFolder: makes a folder for a tablespace, and gives its path
  static func script(
    _ streams: any StreamProvider, _ facts: Facts, stop: StopSignal, makeFolder: (Int) throws(Failure) -> String
  ) throws(Failure) -> [UInt8] {
    var script: [UInt8] = []
    var spaces = 0
    var known: Set<[UInt8]> = []
    if streams.streams.contains(where: { $0.name == name }) {
      for line in try streams.read(name, limit: limit, stop: stop).split(
        separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
      {
        if let place = location(in: line) {
          spaces += 1
          known.insert(spaceName(line))
          script += line[..<place] + located(try makeFolder(spaces))
        } else {
          script += line
        }
        script.append(UInt8(ascii: "\n"))
      }
    }
    // Whoever is there already is left alone.
    for role in Set(facts.databases.flatMap { $0.roles + [$0.database.owner] }).sorted(by: {
      $0.lexicographicallyPrecedes($1)
    })
    where !role.isEmpty && !role.starts(with: Array("pg_".utf8)) {
      script += Array("CREATE ROLE ".utf8) + PostgreSQLText.identifier(role) + Array(";\n".utf8)
    }
    let wanted = Set(facts.databases.flatMap { $0.tables.compactMap(\.tablespace) }).subtracting(known)
    for space in wanted.sorted(by: { $0.lexicographicallyPrecedes($1) })
    where !space.isEmpty && !space.starts(with: Array("pg_".utf8)) && !known.contains(PostgreSQLText.identifier(space))
    {
      spaces += 1
      script += Array("CREATE TABLESPACE ".utf8) + PostgreSQLText.identifier(space) + located(try makeFolder(spaces))
      script.append(UInt8(ascii: "\n"))
    }
    return script
  }

  private static func located(_ folder: String) -> [UInt8] {
    Array(" LOCATION ".utf8) + PostgreSQLText.literal(Array(folder.utf8)) + [UInt8(ascii: ";")]
  }

  /// Where the place of a tablespace begins in a line that makes one. All that follows is the place: the first words of
  /// this kind count, so that nothing of it is left.
  private static func location(in line: ArraySlice<UInt8>) -> Int? {
    guard line.starts(with: Array("CREATE TABLESPACE ".utf8)) else { return nil }
    return line.firstRange(of: Array(" LOCATION ".utf8))?.lowerBound
  }

  /// As the line spells it.
  private static func spaceName(_ line: ArraySlice<UInt8>) -> [UInt8] {
    let rest = line.dropFirst("CREATE TABLESPACE ".utf8.count)
    return Array(rest[..<(rest.firstRange(of: Array(" OWNER ".utf8))?.lowerBound ?? rest.endIndex)])
  }
}
