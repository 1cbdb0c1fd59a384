import Format

/// The records that an estimate rests on: proven, of one component under one scenario, and comparable with the newest.
///
/// Drills count before real recoveries, whose time a person's decision is part of: those are taken only where there is
/// no drill. Comparable is what was restored to the same kind of target: a folder and a server take different times.
struct EstimateBasis: Sendable {
  /// Of more records the newest count: machines and stores change.
  private static let most = 200
  /// What drills of earlier versions restored to, which their records do not say.
  private static let formerTarget = "scratch folder"

  /// Oldest first, at least one.
  let records: [Record]
  /// The phases that the newest record went through, people's included: what the next recovery will do.
  let phases: [String]
  /// What they restored to, without its version; empty where no record says.
  let target: String

  /// - Parameters:
  ///   - drill: the name of a drill whose newest record says what the next recovery does; nil for any
  ///   - target: restored to what; nil for what the newest record restored to
  init?(component: String, scenario: ScenarioKey, drill: String?, target: String?, in records: [Record]) {
    let proven = records.filter {
      $0.verdict == .proven && $0.component == component && ScenarioKey($0) == scenario
    }.sorted { ($0.started.value, $0.number) < ($1.started.value, $1.number) }
    let drills = proven.filter { $0.sort == .drill }
    let candidates = drills.isEmpty ? proven : drills
    let wanted = target.map(EstimateBasis.kind)
    let fitting = candidates.filter { wanted == nil || EstimateBasis.kind(of: $0) == wanted }
    guard let newest = fitting.last(where: { $0.drill == drill }) ?? fitting.last else { return nil }
    let kind = EstimateBasis.kind(of: newest)
    self.target = kind
    self.records = fitting.filter { EstimateBasis.kind(of: $0) == kind }.suffix(EstimateBasis.most)
    phases = newest.phases.map(\.name)
  }

  private static func kind(of record: Record) -> String {
    record.particulars?.target.map(kind) ?? (record.sort == .drill ? formerTarget : "")
  }

  /// What a target is, without its version: `scratch postgresql 15.14` is a `scratch postgresql`.
  private static func kind(_ target: String) -> String {
    target.split(separator: " ").filter { $0.first?.isNumber == false }.joined(separator: " ")
  }
}
