package import Bytes
package import Databases
package import Pipeline

/// That there is restored data: a folder with files, a server that answers and has the databases. It can only be had
/// by looking at them, so no verdict can rest on a target that was never started, or that nothing was restored to.
package struct RestoredEvidence: Sendable {
  private init() {}

  /// Looks at what a target restored.
  ///
  /// - Returns: nil if nothing is there
  /// - Throws: the reason of a stopped drill
  package static func look(at data: any RestoredData, stop: StopSignal) throws(Failure) -> RestoredEvidence? {
    try data.isThere(stop: stop) ? RestoredEvidence() : nil
  }

  /// Reads what a recovery has loaded back from its server.
  ///
  /// - Returns: what is there; no evidence if nothing is
  /// - Throws: like `LoadTarget.truth`
  package static func readBack(
    _ plan: LoadPlan, by loader: any LoadTarget, stop: StopSignal
  ) throws(Failure) -> (truth: TruthManifest, evidence: RestoredEvidence?) {
    let truth = try loader.truth(of: plan, stop: stop)
    return (truth, truth.isEmpty ? nil : RestoredEvidence())
  }
}
