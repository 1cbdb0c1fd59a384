package import Profiles

/// The target that a profile names.
package enum LoadTargets {
  /// Makes the target; checks nothing yet.
  package static func make(_ settings: TargetSettings) -> any LoadTarget {
    switch settings.kind {
    case .postgresql: PostgreSQLTarget(settings.server)
    case .mariadb: MariaDBTarget(settings.server)
    case .redis: RedisTarget(settings.server)
    }
  }
}
