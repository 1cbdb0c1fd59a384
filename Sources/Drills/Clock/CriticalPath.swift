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
    let pieces = CriticalPath.pieces(spans.map { $0.start..<max($0.start, $0.end) }, total: total)
      .map {
        (
          phase: $0.span.map { spans[$0].phase } ?? .unattributed,
          nanoseconds: $0.moments.upperBound - $0.moments.lowerBound
        )
      }
    phases = CriticalPath.summed(pieces, spans)
  }

  /// Every moment, in order, with the span that was waited for in it; nil for none.
  ///
  /// - Parameters:
  ///   - spans: nanoseconds since the declaration
  ///   - total: nanoseconds from the declaration to the end
  static func pieces(_ spans: [Range<UInt64>], total: UInt64) -> [(span: Int?, moments: Range<UInt64>)] {
    var pieces: [(span: Int?, moments: Range<UInt64>)] = []
    var left = spans.indices.filter { !spans[$0].isEmpty }.sorted {
      (spans[$0].upperBound, spans[$0].lowerBound) < (spans[$1].upperBound, spans[$1].lowerBound)
    }
    var moment = total
    while moment > 0 {
      // What begins after this moment can't have been waited for at it.
      left.removeAll { spans[$0].lowerBound >= moment }
      guard let last = left.last else {
        pieces.append((nil, 0..<moment))
        break
      }
      let end = min(spans[last].upperBound, moment)
      if end < moment { pieces.append((nil, end..<moment)) }
      pieces.append((last, spans[last].lowerBound..<end))
      moment = spans[last].lowerBound
    }
    return pieces.reversed()
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
