package import Format

/// Which phase each moment of a recovery belongs to.
///
/// Walks back from the end: of all phases that have begun, the one that ended last is what was waited for; before it
/// began, the same again. What runs beside it and ends sooner cost nothing. A moment at which nothing ran is
/// unattributed. Each moment is given once, so the phases sum to the total.
package struct CriticalPath {
  /// In the order of their first moments, then the unattributed time, zero or not.
  package let phases: [Record.Phase]

  /// - Parameters:
  ///   - spans: in any order
  ///   - total: nanoseconds from the declaration to the end
  package init(_ spans: [RecoverySpan], total: UInt64) {
    var pieces: [(phase: Phase, nanoseconds: UInt64)] = []
    var left = spans.filter { $0.start < $0.end }.sorted { ($0.end, $0.start) < ($1.end, $1.start) }
    var moment = total
    while moment > 0 {
      // What begins after this moment can't have been waited for at it.
      left.removeAll { $0.start >= moment }
      guard let last = left.last else {
        pieces.append((.unattributed, moment))
        break
      }
      let end = min(last.end, moment)
      if end < moment { pieces.append((.unattributed, moment - end)) }
      pieces.append((last.phase, end - last.start))
      moment = last.start
    }
    phases = CriticalPath.summed(pieces.reversed(), spans)
  }

  private static func summed(
    _ pieces: [(phase: Phase, nanoseconds: UInt64)], _ spans: [RecoverySpan]
  ) -> [Record.Phase] {
    var order: [Phase] = []
    var times: [Phase: UInt64] = [:]
    for (phase, nanoseconds) in pieces {
      if times[phase] == nil, phase != .unattributed { order.append(phase) }
      times[phase, default: 0] += nanoseconds
    }
    // A phase that cost nothing, or was done beside another, is still shown.
    for span in spans where times[span.phase] == nil {
      order.append(span.phase)
      times[span.phase] = 0
    }
    return (order + [.unattributed]).map { phase in
      let costs = spans.filter { $0.phase == phase }.compactMap(\.cost)
      let cost = costs.isEmpty ? nil : costs.reduce(StoreCost()) { $0 + $1 }
      return Record.Phase(
        name: phase.name, nanoseconds: times[phase] ?? 0, bytes: cost?.bytes, requests: cost?.requests,
        retries: cost?.retries)
    }
  }
}
