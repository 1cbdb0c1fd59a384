package import Format

/// That a recovery was proven. It can only be had from checks that all passed, at least one of which looked at the
/// restored data, and from the evidence that there is such data: who holds one need not ask again.
package struct Proof: Sendable {
  /// The checks that it rests on.
  package let checks: [Record.Check]

  /// Nil unless every check passed and one looked at data; one that was skipped or not measured did not pass.
  ///
  /// - Parameter evidence: of the restored data that the checks looked at
  package init?(_ checks: [Record.Check], of evidence: RestoredEvidence) {
    guard checks.allSatisfy({ $0.outcome == .pass }), checks.contains(where: \.looksAtData) else { return nil }
    self.checks = checks
  }
}

/// What the checks say of the data. Objectives are no part of it: a recovery may be proven and too slow.
package enum DrillVerdict: Sendable {
  case proven(Proof)
  /// Something is not as it must be.
  case failed
  /// Nothing failed, but something was not measured, or nothing looked at the data.
  case inconclusive

  /// - Parameter evidence: that there is restored data; without it nothing is proven
  package init(_ checks: [Record.Check], of evidence: RestoredEvidence?) {
    if checks.contains(where: { $0.outcome == .fail }) {
      self = .failed
    } else if let evidence, let proof = Proof(checks, of: evidence) {
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
