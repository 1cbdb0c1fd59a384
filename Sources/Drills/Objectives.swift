package import Format

/// How a measured recovery stands against an objective.
package enum ObjectiveResult: String, Sendable {
  case met
  case missed
  /// It was not measured, or there is no proven recovery that could meet it.
  case unmeasured
  /// There is no such objective.
  case unset
}

/// How a record stands against its objectives. They say nothing of the verdict: `proven` speaks of the data alone. A
/// run whose objective is missed ends with warnings.
package struct ObjectiveResults: Sendable, Equatable {
  /// The time to recover against the RTO.
  package let recoveryTime: ObjectiveResult
  /// The age of the data against the RPO.
  package let recoveryPoint: ObjectiveResult

  /// Whether any of them is missed.
  package var isMissed: Bool { recoveryTime == .missed || recoveryPoint == .missed }
}

extension Record {
  /// The objectives. A recovery that was not proven may miss one but never meets one.
  package var objectives: ObjectiveResults {
    ObjectiveResults(
      recoveryTime: judge(ttr.value, against: rto?.value), recoveryPoint: judge(dataAge?.value, against: rpo?.value))
  }

  private func judge(_ measured: UInt64?, against objective: UInt64?) -> ObjectiveResult {
    guard let objective else { return .unset }
    guard let measured else { return .unmeasured }
    if measured > objective { return .missed }
    return verdict == .proven ? .met : .unmeasured
  }
}
