/// Which lifeboat this is.
package enum Release {
  /// The version: the one place that spells it.
  package static let version = "0.1.0-dev"
  /// The program with its version, as records name it.
  package static let tool = "lifeboat \(version)"
}
