import Bytes
import Engine
import Profiles

/// The target that a drill asks for.
enum RecoveryTargets {
  /// Makes it; nothing is looked at or changed before `start`.
  ///
  /// - Parameters:
  ///   - engine: that of the snapshot, or of the source; what it is called there
  ///   - events: gets notes, such as the account that a scratch server runs as
  /// - Throws: `targetRefused` for an engine that no such target can take
  static func make(
    _ target: DrillTarget, engine: String, events: @escaping EventSink = { _ in }
  ) throws(Failure) -> any RecoveryTarget {
    switch target.place {
    case .scratchFolder: throw Failure(.defect, "a folder is no server")
    case .server(let word, let settings): return GivenServerTarget(word, settings, of: target, events: events)
    case .scratchServer(let settings):
      guard let kind = settings.kind ?? kind(of: engine) else {
        throw Failure(
          .targetRefused, "no scratch server is made for \(engine.isEmpty ? "an unknown engine" : engine)",
          at: "target.engine", next: "Restore it to a folder: target.kind: scratch-directory.")
      }
      return ServerTarget(kind, settings, of: target, events: events)
    }
  }

  private static func kind(of engine: String) -> ServerKind? {
    engine == "mysql" ? .mariadb : ServerKind(rawValue: engine)
  }
}
