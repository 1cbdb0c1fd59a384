import Bytes

/// What a check found.
package struct CheckReport: Sendable {
  /// The worst first; of equal severity by path.
  package internal(set) var problems: [CheckProblem]
  /// Objects in the store, junk included.
  package let objects: UInt64
  /// Bytes of those objects, as the listing says.
  package let storedBytes: UInt64
  /// Bytes that the check read.
  package let bytesRead: UInt64
  /// Packs that were read whole.
  package let packsRead: UInt64
  /// Blobs that were opened and whose name was computed again.
  package let blobsOpened: UInt64
  /// Snapshots that count, whose closure was walked.
  package let snapshots: UInt64

  /// Problems of one severity.
  package func problems(_ severity: CheckProblem.Severity) -> [CheckProblem] {
    problems.filter { $0.severity == severity }
  }

  /// The worst severity; nil if there is nothing to say.
  package var worst: CheckProblem.Severity? { problems.map(\.severity).max() }

  /// The worst first; of equal severity by path.
  static func sorted(_ problems: [CheckProblem]) -> [CheckProblem] {
    problems.sorted { left, right in
      if left.severity != right.severity { return left.severity > right.severity }
      return (left.path, left.what) < (right.path, right.what)
    }
  }

  /// True if nothing is damaged, missing, planted or hidden.
  package var isSound: Bool { worst != .damage }
}

/// What a check has found so far.
struct CheckFindings: Sendable {
  private(set) var problems: [CheckProblem] = []
  var bytesRead: UInt64 = 0
  var packsRead: UInt64 = 0
  var blobsOpened: UInt64 = 0
  var snapshots: UInt64 = 0

  mutating func add(_ problem: CheckProblem) { problems.append(problem) }

  /// A failure that condemns an object.
  mutating func damage(at path: String, _ failure: Failure, costs: [AffectedSnapshot] = []) {
    add(CheckProblem(.damage, at: path, failure.what, next: failure.next, costs: costs))
  }

  consuming func report(objects: UInt64, storedBytes: UInt64) -> CheckReport {
    CheckReport(
      problems: CheckReport.sorted(problems), objects: objects, storedBytes: storedBytes, bytesRead: bytesRead,
      packsRead: packsRead,
      blobsOpened: blobsOpened, snapshots: snapshots)
  }
}
