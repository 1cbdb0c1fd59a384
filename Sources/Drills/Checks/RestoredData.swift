import Bytes
import Databases
import Format
import Pipeline
import Profiles

/// What a drill restored, for checks to look at.
protocol RestoredData: Sendable {
  /// The engine that the snapshot names.
  var engine: String { get }

  /// The engine's own check of its files: `integrity_check`, `pg_amcheck`, `CHECK TABLE`. Throws only the reason of a
  /// stopped drill.
  func integrity(stop: StopSignal) throws(Failure) -> Finding

  /// The truth manifest compared with what is there. Throws only the reason of a stopped drill.
  func manifest(_ check: ManifestCheck, stop: StopSignal) throws(Failure) -> Finding

  /// The answer to a query. Throws only the reason of a stopped drill.
  func query(_ text: String, in database: String?, stop: StopSignal) throws(Failure) -> QueryAnswer

  /// What programs of checks find the data by: `LIFEBOAT_RESTORED`, `PGHOST`, `PGPORT`, …
  var variables: [String: String] { get }
}

/// What one look at restored data found.
struct Finding: Sendable {
  var outcome: Record.Check.Outcome
  /// For the record: nothing of the data stands in it.
  var detail: String
  /// For the person.
  var particulars: [String] = []
}

/// What came of a query.
enum QueryAnswer: Sendable {
  /// A row a line.
  case rows([String])
  /// The data has no such database, or its engine could not answer: that is a fault of the data.
  case fault(Finding)
  /// A tool is missing, or it is not clear what was meant: nothing was measured.
  case unmeasured(Finding)
}
