package import Profiles

/// The target that a profile names.
package enum LoadTargets {
  /// Makes the target; checks nothing yet. Nil where nothing can be loaded into such a server.
  package static func make(_ settings: TargetSettings) -> (any LoadTarget)? {
    switch settings.kind {
    case .postgresql: PostgreSQLTarget(settings.server)
    case .mariadb, .redis: nil
    }
  }
}
