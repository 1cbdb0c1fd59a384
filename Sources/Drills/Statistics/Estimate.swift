package import Format
package import Profiles

/// What is to be expected of the next recovery of a component.
package struct Estimate: Sendable {
  /// How it stands against the RTO.
  package enum Outlook: String, Sendable {
    /// Also the upper end of the interval is within the objective.
    case safe
    /// The upper end is not, or the expected time is more than four fifths of the objective.
    case near
    /// The expected time is longer than the objective.
    case over
    /// There is no objective.
    case unset
  }

  /// One phase at this size.
  package struct Part: Sendable {
    package let name: String
    /// Nanoseconds.
    package let fixed: UInt64
    /// Nanoseconds a gigabyte (10^9 bytes).
    package let perGigabyte: UInt64
    /// Nanoseconds at this size.
    package let time: UInt64
    /// Whether the records' sizes told the fixed part from the other; otherwise the phase's kind decided.
    package let isMeasured: Bool
  }

  package let component: String
  package let scenario: ScenarioKey
  package let bytes: UInt64
  package let prediction: Record.Prediction
  /// In the order of the newest record.
  package let parts: [Part]
  /// The sizes of the records that it rests on, sorted.
  package let sizes: [UInt64]
  /// What those restored to: `scratch postgresql`; empty where no record says.
  package let target: String
  /// The objective, in nanoseconds.
  package let rto: UInt64?
  /// From which size on the expected time is over the objective; nil where none is, or every one.
  package let breakingBytes: UInt64?
  /// When the dumps have that size, in nanoseconds since 1970; nil where it is not known, or not to come.
  package let breakingTime: UInt64?

  /// - Parameters:
  ///   - bytes: of the dump that would be restored
  ///   - drill: by which; nil for the one that was proven last
  ///   - rto: the objective, in nanoseconds
  ///   - growth: of the dumps
  ///   - records: of any component, in any order
  /// - Returns: nil where no such recovery is proven
  package init?(
    component: String, bytes: UInt64, scenario: ScenarioKey = .calm, drill: String? = nil, rto: UInt64? = nil,
    growth: SizeGrowth? = nil, in records: [Record]
  ) {
    guard let model = EstimateModel(component: component, scenario: scenario, drill: drill, in: records) else {
      return nil
    }
    self.component = component
    self.scenario = scenario
    self.bytes = bytes
    self.rto = rto
    prediction = model.prediction(at: bytes)
    sizes = model.records.map(\.bytes).sorted()
    target = model.basis.target
    parts = model.phases.map { phase in
      Part(
        name: phase.name, fixed: UInt64(estimated: phase.fixed), perGigabyte: UInt64(estimated: phase.perByte * 1e9),
        time: UInt64(estimated: phase.nanoseconds(at: Double(bytes))), isMeasured: phase.isMeasured)
    }
    breakingBytes = rto.flatMap { model.bytes(reaching: $0) }
    breakingTime = breakingBytes.flatMap { growth?.time(reaching: $0) }
  }

  package var outlook: Outlook {
    guard let rto else { return .unset }
    if prediction.ttr.value > rto { return .over }
    return prediction.high.value > rto || prediction.ttr.value / 4 > rto / 5 ? .near : .safe
  }

  /// Whether the size is far from all that were recovered: below half of the smallest, or above twice the largest.
  package var isFar: Bool {
    guard let smallest = sizes.first, let largest = sizes.last else { return true }
    return bytes < smallest / 2 || bytes / 2 > largest
  }

  /// What is to be said of a recovery before it begins, for its record.
  ///
  /// - Parameters:
  ///   - component: its name
  ///   - bytes: of the dump that will be restored
  ///   - scenario: under which; nil for a calm one
  ///   - drill: the drill that will run: its last record says which checks there will be
  ///   - target: what it restores to, as its record will say: the records of other targets do not count then
  ///   - history: all records
  /// - Returns: nil where no such recovery is proven
  package static func make(
    component: String, bytes: UInt64, scenario: Scenario?, drill: String? = nil, target: String? = nil,
    in history: DrillHistory
  ) -> Record.Prediction? {
    make(
      component: component, bytes: bytes, scenario: ScenarioKey(scenario), drill: drill, target: target,
      in: history.lines.map(\.record))
  }

  /// The same from records in any order.
  package static func make(
    component: String, bytes: UInt64, scenario: ScenarioKey, drill: String? = nil, target: String? = nil,
    in records: [Record]
  ) -> Record.Prediction? {
    EstimateModel(component: component, scenario: scenario, drill: drill, target: target, in: records)?
      .prediction(at: bytes)
  }
}
