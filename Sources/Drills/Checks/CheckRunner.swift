package import Bytes
import Format
package import Pipeline
package import Profiles

/// Runs the checks of a drill on what was restored.
///
/// A check passes only if it measured something and found it as it must be. What could not be measured, because a tool
/// is missing or nobody knows the truth, is `unmeasured`. Only a stopped drill throws.
package struct CheckRunner {
  let restored: any RestoredData
  /// What freshness is measured against.
  let reference: Moment
  /// When the dump began, in nanoseconds since 1970.
  let dumpStarted: UInt64
  let stop: StopSignal

  /// - Parameters:
  ///   - restored: what the checks look at
  ///   - reference: what freshness is measured against
  ///   - dumpStarted: when the dump began, in nanoseconds since 1970
  ///   - stop: the signal of the drill
  package init(restored: any RestoredData, reference: Moment, dumpStarted: UInt64, stop: StopSignal) {
    self.restored = restored
    self.reference = reference
    self.dumpStarted = dumpStarted
    self.stop = stop
  }

  /// Runs one check. Throws the reason of a stopped drill.
  package func run(_ check: Check) throws(Failure) -> CheckResult {
    try stop.check()
    switch check {
    case .integrity: return CheckResult(check, try restored.integrity(stop: stop))
    case .manifest(let manifest): return CheckResult(check, try restored.manifest(manifest, stop: stop))
    case .query(let query): return CheckResult(check, try answer(query))
    case .canary(let canary): return CheckResult(check, try find(canary))
    case .program(let program): return try ProgramRun(program, variables: restored.variables, stop: stop).run()
    }
  }

  private func answer(_ check: QueryCheck) throws(Failure) -> Finding {
    switch try restored.query(check.query, in: check.database, stop: stop) {
    case .fault(let finding), .unmeasured(let finding): return finding
    case .rows(let rows):
      let wanted = check.expectation.text
      if let objection = check.expectation.objection(to: rows, reference: reference) {
        return Finding(.fail, "the answer is not as expected", ["\(objection) (expected: \(wanted))"])
      }
      return Finding(.pass, "the answer is as expected", ["\(rows.first ?? "") (expected: \(wanted))"])
    }
  }

  /// The newest canary must be of this backup: not older than it says, and not of a time when the dump had begun.
  private func find(_ check: CanaryCheck) throws(Failure) -> Finding {
    let moment: Moment
    switch try MomentAnswer.read(check.query, in: check.database, of: restored, stop: stop) {
    case .moment(let found): moment = found
    case .none(let finding): return finding
    }
    let started = Moment(
      seconds: Int64(clamping: dumpStarted / 1_000_000_000), nanoseconds: UInt32(dumpStarted % 1_000_000_000))
    let words = ["written \(moment.text), the dump began \(started.text), within \(check.within.text)"]
    let written = moment.sinceEpoch
    if written > dumpStarted { return Finding(.fail, "the canary is younger than the dump", words) }
    let allowed = UInt64(check.within.count) * 1_000_000_000
    if dumpStarted - written > allowed { return Finding(.fail, "the canary is too old", words) }
    return Finding(.pass, "the canary is there", words)
  }
}
