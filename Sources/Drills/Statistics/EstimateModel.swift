package import Format
import Glibc

/// How long a recovery takes at which size, from the phases of past ones.
///
/// Each phase is modelled by itself (`PhaseModel`, `PhaseScaling`); the estimate is their sum, which never falls with
/// size and is never negative. A recovery twice as long is twice as uncertain, so every record counts by the inverse
/// square of the time that the model gives it (iteratively reweighted least squares); from five records on, one that is
/// far from the rest counts less (Huber 1964). A phase is fitted over the records that have it, and only the newest
/// record's phases are summed: a check that was added or taken out since does not bend the estimate.
package struct EstimateModel: Sendable {
  /// The records that it rests on, oldest first.
  package var records: [Record] { basis.records }
  let phases: [PhaseModel]
  let basis: EstimateBasis
  private let spread: EstimateSpread

  /// - Parameters:
  ///   - component: its name
  ///   - scenario: under which the recovery will be
  ///   - drill: the drill that will run, where it is known: its newest record says which phases there will be
  ///   - target: what will be restored to, as records say it; nil for what the newest record has
  ///   - records: of any component, in any order
  /// - Returns: nil where no record of such a recovery is proven
  package init?(
    component: String, scenario: ScenarioKey = .calm, drill: String? = nil, target: String? = nil, in records: [Record]
  ) {
    guard
      let basis = EstimateBasis(
        component: component, scenario: scenario, drill: drill, target: target, in: records)
    else { return nil }
    self.basis = basis
    let all = basis.records.map { MeasuredRecovery($0, phases: basis.phases) }
    var times = all.map { max(1, $0.machine) }
    var damping = [Double](repeating: 1, count: all.count)
    var phases: [PhaseModel] = []
    for _ in 0..<EstimateModel.rounds {
      phases = EstimateModel.fit(basis.phases, all, times, damping)
      times = all.map { max(1, $0.expected(by: phases)) }
      damping = EstimateModel.damping(zip(all, times).map { log(max(1, $0.machine) / $1) })
    }
    self.phases = phases
    spread = EstimateSpread(all, phases)
  }

  /// Enough for the weights to come to rest.
  private static let rounds = 8

  private static func fit(
    _ names: [String], _ all: [MeasuredRecovery], _ times: [Double], _ damping: [Double]
  ) -> [PhaseModel] {
    names.map { name in
      let points = all.indices.compactMap { index -> PhaseModel.Point? in
        guard let time = all[index].times[name] else { return nil }
        return PhaseModel.Point(
          bytes: all[index].bytes, nanoseconds: time, weight: damping[index] / (times[index] * times[index]))
      }
      return PhaseModel(name, points)
    }
  }

  /// How much each record still counts: wholly up to 1.345 times the usual distance, from there on the less the further
  /// (Huber 1964). The usual distance is the median of the distances, which of fewer than five says nothing.
  private static func damping(_ residuals: [Double]) -> [Double] {
    guard residuals.count >= 5, let median = Sample(residuals.map(abs)).median else {
      return residuals.map { _ in 1 }
    }
    let reach = 1.345 * max(1.4826 * median, 0.01)
    return residuals.map { abs($0) <= reach ? 1 : reach / abs($0) }
  }

  /// What to expect of a dump of so many bytes.
  package func prediction(at bytes: UInt64) -> Record.Prediction {
    let size = Double(bytes)
    let machine = phases.filter { $0.scaling != .human }.reduce(0) { $0 + $1.nanoseconds(at: size) }
    let people = phases.filter { $0.scaling == .human }.reduce(0) { $0 + $1.fixed }
    let (low, high) = spread.interval(around: machine, at: size)
    let waits = spread.waits
    return Record.Prediction(
      ttr: UInt64(estimated: machine + people), low: UInt64(estimated: low + min(waits.low, people)),
      high: UInt64(estimated: high + max(waits.high, people)), records: UInt64(records.count))
  }

  /// The size from which on a recovery takes longer than `limit` nanoseconds; nil where no size does, or every one.
  package func bytes(reaching limit: UInt64) -> UInt64? {
    let fixed = phases.reduce(0) { $0 + $1.fixed }
    let rate = phases.reduce(0) { $0 + $1.perByte }
    guard rate > 0, Double(limit) >= fixed else { return nil }
    return UInt64(clamping: (Double(limit) - fixed) / rate)
  }
}

/// A record as the model sees it.
struct MeasuredRecovery {
  let bytes: Double
  /// Nanoseconds by phase, of those that the model has.
  let times: [String: Double]
  /// The sum of those in which no person was waited for.
  let machine: Double
  /// The sum of those in which one was.
  let people: Double

  init(_ record: Record, phases: [String]) {
    bytes = Double(record.bytes)
    let wanted = Set(phases)
    times = Dictionary(
      record.phases.filter { wanted.contains($0.name) }.map { ($0.name, Double($0.nanoseconds.value)) },
      uniquingKeysWith: +)
    let isHuman = { (name: String) in PhaseScaling(phase: name) == .human }
    machine = times.filter { !isHuman($0.key) }.reduce(0) { $0 + $1.value }
    people = times.filter { isHuman($0.key) }.reduce(0) { $0 + $1.value }
  }

  /// What the model gives the phases that this record has, without those in which people are waited for.
  func expected(by phases: [PhaseModel]) -> Double {
    phases.filter { $0.scaling != .human && times[$0.name] != nil }.reduce(0) { $0 + $1.nanoseconds(at: bytes) }
  }
}
