package import Bytes
package import Format
package import Pipeline
package import Profiles

/// What a drill restored, for checks to look at.
package protocol RestoredData: Sendable {
  /// The engine that the snapshot names.
  var engine: String { get }

  /// Whether there is anything: a folder with files, a server that answers and has the databases. Throws only the
  /// reason of a stopped drill.
  func isThere(stop: StopSignal) throws(Failure) -> Bool

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
package struct Finding: Sendable {
  package var outcome: Record.Check.Outcome
  /// For the record: nothing of the data stands in it.
  package var detail: String
  /// For the person.
  package var particulars: [String] = []

  package init(_ outcome: Record.Check.Outcome, _ detail: String, _ particulars: [String] = []) {
    self.outcome = outcome
    self.detail = detail
    self.particulars = particulars
  }
}

/// What came of a query.
package enum QueryAnswer: Sendable {
  /// The one column of the rows; NULL is an empty text. Rows of more columns are a fault.
  case rows([String])
  /// The data has no such database, or its engine could not answer: that is a fault of the data.
  case fault(Finding)
  /// A tool is missing, or it is not clear what was meant: nothing was measured.
  case unmeasured(Finding)
}

/// Numbers with their things, for details.
enum Counted {
  /// `1 table`, `3 tables`.
  static func of(_ number: Int, _ thing: String) -> String { "\(number) \(thing)\(number == 1 ? "" : "s")" }
}
