import Bytes
import Databases
import Format
import Pipeline
import Profiles

/// What was loaded into a server.
struct ServerData: RestoredData {
  let kind: ServerKind
  let server: ServerSettings
  let databases: [(name: String, place: String)]
  let truth: TruthManifest
  let loader: any LoadTarget
  let plan: LoadPlan

  var engine: String { kind.rawValue }

  func integrity(stop: StopSignal) throws(Failure) -> Finding {
    Finding(outcome: .unmeasured, detail: "no integrity check of a server")
  }

  func manifest(_ check: ManifestCheck, stop: StopSignal) throws(Failure) -> Finding {
    let found = try loader.truth(of: plan, stop: stop)
    var expected = truth
    expected.streams = nil
    let differences = expected.differences(from: found)
    return Finding(
      outcome: differences.isEmpty ? .pass : .fail, detail: "\(differences.count) differences", particulars: differences
    )
  }

  func query(_ text: String, in database: String?, stop: StopSignal) throws(Failure) -> QueryAnswer {
    .unmeasured(Finding(outcome: .unmeasured, detail: "no queries of a server"))
  }

  var variables: [String: String] { [:] }
}
