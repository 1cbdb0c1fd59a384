// Stands in for parts that are built elsewhere, until they are merged: this file goes with them.
import Bytes
import Databases
import Engine
import Format
import Pipeline
import Profiles

/// T
enum RecoveryTargets {
  static func make(
    _ target: DrillTarget, engine: String, events: @escaping EventSink
  ) throws(Failure) -> any RecoveryTarget {
    throw Failure(.targetRefused, "only folders are targets in this build")
  }
}
