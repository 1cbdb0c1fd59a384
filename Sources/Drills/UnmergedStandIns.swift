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

/// S
enum Estimate {
  static func make(component: String, bytes: UInt64, scenario: Scenario?, in history: DrillHistory) -> Record.Prediction?
  { nil }
}

/// C
extension CheckRunner {
  init(restored: any RestoredData, reference: Moment, stop: StopSignal) {
    self.init(restored: restored as! RestoredFolder, reference: reference, stop: stop)
  }
}

/// C
extension RestoredFolder: @unchecked Sendable, RestoredData {
  func integrity(stop: StopSignal) throws(Failure) -> Finding { Finding(outcome: .unmeasured, detail: "") }

  func manifest(_ check: ManifestCheck, stop: StopSignal) throws(Failure) -> Finding {
    Finding(outcome: .unmeasured, detail: "")
  }

  func query(_ text: String, in database: String?, stop: StopSignal) throws(Failure) -> QueryAnswer {
    guard case .found(let path) = self.database(named: database) else {
      return .unmeasured(Finding(outcome: .unmeasured, detail: "no such database"))
    }
    return .rows(try SQLiteProbe.query(path, text, stop: stop))
  }

  var variables: [String: String] { ["LIFEBOAT_RESTORED": folder] }
}
