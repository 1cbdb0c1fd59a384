import Bytes
import Drills
import Pipeline
import Profiles

/// Restored data that is there, and holds nothing: for tests of verdicts.
struct SomeData: RestoredData {
  var engine: String { "sqlite" }
  var variables: [String: String] { [:] }

  func isThere(stop: StopSignal) throws(Failure) -> Bool { true }

  func integrity(stop: StopSignal) throws(Failure) -> Finding { Finding(.unmeasured, "") }

  func manifest(_ check: ManifestCheck, stop: StopSignal) throws(Failure) -> Finding { Finding(.unmeasured, "") }

  func query(_ text: String, in database: String?, stop: StopSignal) throws(Failure) -> QueryAnswer { .rows([]) }
}
