package import Bytes
import Format
package import Pipeline
package import Profiles

/// A query's answer that must be one moment.
enum MomentAnswer {
  case moment(Moment)
  /// Why there is none; nothing of the answer stands in its detail.
  case none(Finding)

  /// Asks. Throws the reason of a stopped drill.
  static func read(
    _ query: String, in database: String?, of data: any RestoredData, stop: StopSignal
  ) throws(Failure) -> MomentAnswer {
    switch try data.query(query, in: database, stop: stop) {
    case .fault(let finding), .unmeasured(let finding): return .none(finding)
    case .rows(let rows):
      guard rows.count == 1 else {
        return .none(
          Finding(.fail, "one row is expected, the query gave \(rows.count)", rows.prefix(3).map { "answered: \($0)" }))
      }
      if rows[0].isEmpty { return .none(Finding(.fail, "the query gave no moment", ["answered NULL, or nothing"])) }
      guard let moment = Moment.answered(rows[0]) else {
        return .none(
          Finding(.fail, "the answer is not a moment in time", ["answered: \(DisplayText.of(Array(rows[0].utf8)))"]))
      }
      return .moment(moment)
    }
  }
}

/// The moment at which the newest row of restored data was committed, as its own query says. Together with the
/// simulated moment of disaster it tells what was lost: `Moment.sinceEpoch` is in nanoseconds.
///
/// - Returns: the moment, or why it is not known; nothing of the data stands in that
/// - Throws: only the reason of a stopped drill
package func newestRow(
  _ row: NewestRow, in data: any RestoredData, stop: StopSignal
) throws(Failure) -> (moment: Moment?, problem: String?) {
  switch try MomentAnswer.read(row.query, in: row.database, of: data, stop: stop) {
  case .moment(let moment): return (moment, nil)
  case .none(let finding): return (nil, "the newest row is not known: \(finding.detail)")
  }
}
