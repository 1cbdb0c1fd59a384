/// A kind of database server.
package enum ServerKind: String, Sendable, CaseIterable {
  case postgresql, mariadb, redis
}

/// A server that snapshots are loaded into; a profile names it under `targets`.
package struct TargetSettings: Sendable, Equatable {
  /// Its kind; the source's where the profile says nothing.
  package var kind: ServerKind
  /// How it is reached.
  package var server: ServerSettings

  /// The word that means the very server that a component is dumped from; no target has this name.
  package static let sourceName = "source"

  package init(kind: ServerKind, server: ServerSettings = ServerSettings()) {
    self.kind = kind
    self.server = server
  }
}

/// Reads the `targets` of a profile.
enum TargetsReader {
  /// - Parameter source: the kind of the source; nil where it is no server, or could not be read
  static func read(_ field: Field, source: ServerKind?) -> [String: TargetSettings] {
    guard let section = field.section("a group of NAME: {host: …}") else { return [:] }
    let members = section.all(example: "standby", "a server that snapshots can be loaded into")
    if members.isEmpty { section.problem("at least one target is expected") }
    var targets: [String: TargetSettings] = [:]
    for (name, field) in members {
      guard Words.isIdentifier(name) else {
        field.problem("a target's name has 1 to 64 letters a-z, digits and -")
        continue
      }
      guard name != TargetSettings.sourceName else {
        field.problem("the name \(name) means the server that is dumped; choose another")
        continue
      }
      targets[name] = field.section("a group such as {host: …}").flatMap { target($0, source) }
    }
    return targets
  }

  private static func target(_ section: Section, _ source: ServerKind?) -> TargetSettings? {
    let readers: [(String, () -> TargetSettings?)] = ServerKind.allCases.map { kind in
      (
        kind.rawValue,
        {
          let server = ServerReader(section: section, kind: kind).read()
          section.end()
          return TargetSettings(kind: kind, server: server)
        }
      )
    }
    return section.variant(
      "kind", "\(ServerKind.words), as the source is no server,", readers, assumed: source?.rawValue)
  }
}

extension ServerKind {
  /// All of them, for an error.
  static let words = "postgresql, mariadb or redis"
}

extension SourceSettings {
  /// The kind of the server; nil for a source that is none.
  package var server: (kind: ServerKind, settings: ServerSettings)? {
    switch self {
    case .postgresql(let settings): (.postgresql, settings.server)
    case .mariadb(let settings): (.mariadb, settings.server)
    case .redis(let settings): (.redis, settings.server)
    case .sqlite, .command, .standardInput, .directory: nil
    }
  }
}
