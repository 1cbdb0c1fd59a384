package import Bytes

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

extension Profile {
  /// The server that a person means by a word: a target's name, or `source` for the one that the component is dumped
  /// from.
  ///
  /// - Throws: `usage` with what is known instead; an address is refused, for servers are named in profiles, and its
  ///   text is not repeated where a password could stand in it
  package func target(_ word: String) throws(Failure) -> TargetSettings {
    if let target = targets[word] { return target }
    let file = file.isEmpty ? "the profile" : file
    if word == TargetSettings.sourceName {
      if let (kind, settings) = source.server { return TargetSettings(kind: kind, server: settings) }
      throw Failure(
        .usage, "the source of \(component) is no server", at: "source.kind: \(source.kind)",
        next: "Name a target of \(file).")
    }
    guard Words.isIdentifier(word) else {
      throw Failure(
        .usage, "a server is named by a word of the profile, not by its address",
        next: "Write it down in \(file) as targets: {NAME: {host: …, password: {file: …}}}, and say NAME.")
    }
    let known = targets.keys.sorted()
    let advice = NearestKey.advice(for: word, among: known)
    throw Failure(
      .usage, "\(file) has no target \(word)", at: "targets",
      next: known.isEmpty
        ? "Add it: targets: {\(word): {host: …}}." : "\(advice.prefix(1).uppercased())\(advice.dropFirst())")
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
