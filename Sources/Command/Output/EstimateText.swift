import Bytes
import Drills
import Format
import Profiles

/// What a recovery of one component would take, as people and programs see it.
struct EstimateText {
  private let component: String
  private let scenario: ScenarioKey
  private let bytes: UInt64?
  private let estimate: Estimate?
  private let growth: SizeGrowth?
  /// For a scenario that was never proven: what a calm recovery would take.
  private let calm: Estimate?

  /// - Parameters:
  ///   - drill: by which; nil for the one that was proven last
  ///   - bytes: of the dump; nil where there is none
  ///   - rto: the objective, in nanoseconds
  ///   - records: of any component
  init(
    component: String, scenario: ScenarioKey, drill: String?, bytes: UInt64?, rto: UInt64?, growth: SizeGrowth?,
    records: [Record]
  ) {
    func estimate(_ scenario: ScenarioKey) -> Estimate? {
      bytes.flatMap {
        Estimate(
          component: component, bytes: $0, scenario: scenario, drill: drill, rto: rto, growth: growth, in: records)
      }
    }
    self.component = component
    self.scenario = scenario
    self.bytes = bytes
    self.growth = growth
    self.estimate = estimate(scenario)
    calm = self.estimate == nil && scenario != .calm ? estimate(.calm) : nil
  }

  func say(in context: RunContext) {
    context.say(Statement("estimate", fields, estimate.map(lines) ?? []))
    guard let estimate else {
      context.warn(missing)
      return
    }
    if let text = warning(estimate) { context.warn("\(component): \(text)") }
  }

  // MARK: - For people

  private var missing: String {
    guard bytes != nil else { return "\(component): there is no complete snapshot, so there is nothing to estimate" }
    let kind = scenario == .calm ? "" : " under \(scenario.text)"
    let beside = calm.map { "; a calm one would take \(Duration.text($0.prediction.ttr.value))" } ?? ""
    return "\(component): no recovery\(kind) is proven, so there is nothing to estimate from: run a drill\(beside)"
  }

  private func lines(_ estimate: Estimate) -> [String] {
    let prediction = estimate.prediction
    var lines = [
      "\(component): TTR \(Duration.text(prediction.ttr.value)) expected for \(ByteCount(estimate.bytes).rounded), "
        + "\(Duration.text(prediction.low.value)) to \(Duration.text(prediction.high.value)) in four of five recoveries",
      "  \(scenario.text), from \(EstimateText.basis(estimate))", "",
    ]
    lines += table(estimate).map { "  \($0)" } + [""]
    if let rto = estimate.rto { lines.append("  RTO \(Duration.objective(rto)): \(outlook(estimate))") }
    return lines
  }

  private static func basis(_ estimate: Estimate) -> String {
    let count = estimate.sizes.count
    let smallest = ByteCount(estimate.sizes.first ?? 0).rounded
    let largest = ByteCount(estimate.sizes.last ?? 0).rounded
    let sizes = smallest == largest ? smallest : "\(smallest) to \(largest)"
    let into = estimate.target.isEmpty ? "" : " into a \(estimate.target)"
    let recoveries = "\(count) proven \(count == 1 ? "recovery" : "recoveries") of \(sizes)\(into)"
    if count < 3 { return "\(recoveries): fewer than three tell nothing of the spread, so the interval is assumed" }
    return estimate.isFar ? "\(recoveries), far from this size" : recoveries
  }

  private func table(_ estimate: Estimate) -> [String] {
    var table = Table([("PHASE", .left), ("FIXED", .right), ("EACH GB", .right), ("HERE", .right), ("", .left)])
    for part in estimate.parts {
      table.add([
        part.name, Duration.text(part.fixed), part.perGigabyte == 0 ? "-" : Duration.text(part.perGigabyte),
        Duration.text(part.time), part.isMeasured ? "" : "assumed: all records have one size",
      ])
    }
    return table.lines
  }

  private func outlook(_ estimate: Estimate) -> String {
    var text = estimate.outlook.rawValue
    guard let bytes = estimate.breakingBytes else { return text }
    text += "; reached at \(ByteCount(bytes).rounded)"
    guard bytes > estimate.bytes, let time = estimate.breakingTime, let growth else { return text }
    return text + ", about \(LocalTime.text(time).prefix(10)) at \(EstimateText.signed(growth)) a day"
  }

  private static func signed(_ growth: SizeGrowth) -> String {
    let size = ByteCount(UInt64(min(abs(growth.perDay), 1e18))).rounded
    return growth.perDay < 0 ? "-\(size)" : "+\(size)"
  }

  private func warning(_ estimate: Estimate) -> String? {
    guard let rto = estimate.rto else { return nil }
    let limit = "the RTO of \(Duration.objective(rto))"
    switch estimate.outlook {
    case .safe, .unset: return nil
    case .over: return "a recovery is expected to take \(Duration.text(estimate.prediction.ttr.value)), over \(limit)"
    case .near:
      return "a recovery may take \(Duration.text(estimate.prediction.high.value)), near or over \(limit)"
    }
  }

  // MARK: - For programs

  private var fields: [(String, JSONText)] {
    func count(_ value: UInt64?) -> JSONText { value.map { .count($0) } ?? .nothing }
    let prediction = estimate?.prediction
    let phases = (estimate?.parts ?? []).map { part in
      JSONText.object([
        ("name", .text(part.name)), ("fixed", .count(part.fixed)), ("perGigabyte", .count(part.perGigabyte)),
        ("nanoseconds", .count(part.time)), ("isMeasured", .truth(part.isMeasured)),
      ])
    }
    return [
      ("component", .text(component)), ("scenario", .text(scenario.text)), ("bytes", count(bytes)),
      ("timeToRecover", count(prediction?.ttr.value)), ("low", count(prediction?.low.value)),
      ("high", count(prediction?.high.value)), ("records", .count(prediction?.records ?? 0)),
      ("sizes", .list((estimate?.sizes ?? []).map { .count($0) })), ("isFar", .truth(estimate?.isFar ?? true)),
      ("target", estimate.map { .text($0.target) } ?? .nothing),
      ("phases", .list(phases)), ("rto", count(estimate?.rto)),
      ("outlook", .text((estimate?.outlook ?? .unset).rawValue)), ("breakingBytes", count(estimate?.breakingBytes)),
      ("breakingAt", estimate?.breakingTime.map { .time($0) } ?? .nothing),
      ("growthPerDay", growth.map { .integer(Int64($0.perDay.rounded())) } ?? .nothing),
    ]
  }
}
