import Bytes
import Format
import Pipeline
import Store
import Synchronization

/// Says of each damaged or missing object which copies have it.
struct CopyCheck {
  let fallback: FallbackStore
  /// What the root signed of the rescue files.
  let rescue: AuthorityStatement.Rescue

  /// - Parameters:
  ///   - report: what a check of the store alone found
  ///   - readData: compare the bytes in the copies with the names; otherwise it counts what they list
  func run(_ report: inout CheckReport, readData: Bool, workers: Int, stop: StopSignal) throws(Failure) {
    try addTaken(&report)
    var places: [(problem: Int, path: StorePath, digest: Name)] = []
    for (number, problem) in report.problems.enumerated() where problem.severity == .damage {
      guard let path = StorePath(problem.path), let digest = digest(of: problem.path) else { continue }
      places.append((number, path, digest))
    }
    let (fallback, wanted, board) = (fallback, places, Board())
    try ParallelWork.run(wanted.count, threads: workers, named: "copies", stop: stop) { (number) throws(Failure) in
      let place = wanted[number]
      board.put(place.problem, fallback.holders(of: place.path, digest: place.digest, isRead: readData))
    }
    for (problem, copies) in board.all { report.problems[problem].copies = copies }
  }

  /// What threads found, by the number of the problem.
  private final class Board: Sendable {
    private let found = Mutex<[Int: [String]]>([:])

    var all: [Int: [String]] { found.withLock { $0 } }

    func put(_ problem: Int, _ copies: [String]) { found.withLock { $0[problem] = copies } }
  }

  /// Statements and enrolments that had to be taken from a copy to look at anything at all: the rest of the check had
  /// no cause to notice.
  private func addTaken(_ report: inout CheckReport) throws(Failure) {
    let named = Set(report.problems.map(\.path))
    for taken in fallback.taken where !named.contains(taken.path) {
      guard let object = ObjectPath(taken.path), let path = StorePath(taken.path) else { continue }
      let isThere = try fallback.primary.size(of: path) != nil
      let what =
        isThere ? "the bytes of this \(object.kind) do not match its name" : "the \(object.kind) is missing"
      report.problems.append(CheckProblem(.damage, at: taken.path, what))
    }
    report.problems = CheckReport.sorted(report.problems)
  }

  /// What the object of a problem must hash to; nil for what is no single object.
  private func digest(of path: String) -> Name? {
    let folder = "\(ObjectPath.rescueFolder)\(rescue.reader.hex)"
    switch path {
    case "\(folder)/rescue.py": return rescue.reader
    case "\(folder)/FORMAT.md": return rescue.format
    default: return ObjectPath(path)?.name
    }
  }
}
