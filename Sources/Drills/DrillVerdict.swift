package import Format

/// That a recovery was proven. It can only be had from checks that all passed, at least one of which looked at the
/// restored data, from the evidence that there is such data, and from a scenario that really happened and was survived:
/// who holds one need not ask again.
package struct Proof: Sendable {
  /// The checks that it rests on.
  package let checks: [Record.Check]
  /// What was done to the recovery; nil for a calm one.
  package let scenario: Record.Scenario?

  /// Nil unless every check passed and one looked at data; one that was skipped or not measured did not pass. Nil for a
  /// scenario of which any fault never happened: what was rehearsed then was something else.
  ///
  /// - Parameters:
  ///   - evidence: of the restored data that the checks looked at
  ///   - scenario: what was done to the recovery; nil for a calm one
  package init?(_ checks: [Record.Check], of evidence: RestoredEvidence, in scenario: Record.Scenario? = nil) {
    guard checks.allSatisfy({ $0.outcome == .pass }), checks.contains(where: \.looksAtData) else { return nil }
    if let scenario {
      guard scenario.hasHappened, !scenario.faults.isEmpty, scenario.outcome != .failed else { return nil }
    }
    self.checks = checks
    self.scenario = scenario
  }
}

/// What the checks say of the data. Objectives are no part of it: a recovery may be proven and too slow.
package enum DrillVerdict: Sendable {
  case proven(Proof)
  /// Something is not as it must be.
  case failed
  /// Nothing failed, but something was not measured, nothing looked at the data, or a fault never happened.
  case inconclusive

  /// - Parameters:
  ///   - evidence: that there is restored data; without it nothing is proven
  ///   - scenario: what was done to the recovery; nil for a calm one
  package init(_ checks: [Record.Check], of evidence: RestoredEvidence?, in scenario: Record.Scenario? = nil) {
    if checks.contains(where: { $0.outcome == .fail }) {
      self = .failed
    } else if let evidence, let proof = Proof(checks, of: evidence, in: scenario) {
      self = .proven(proof)
    } else {
      self = .inconclusive
    }
  }

  /// The word on the record.
  package var recorded: Record.Verdict {
    switch self {
    case .proven: .proven
    case .failed: .failed
    case .inconclusive: .inconclusive
    }
  }
}
