import Bytes
import Engine
import Format
import Pipeline
import Repository

/// A step that somebody has to take once lifeboat itself cannot go on.
struct RunbookStep {
  /// What it is, for the phases: the same in every drill.
  let title: String
  /// What it is in this one, for the record.
  let detail: String
  /// Takes it.
  let take: () throws(Failure) -> Void

  init(_ title: String, _ detail: String = "", take: @escaping () throws(Failure) -> Void) {
    self.title = title
    self.detail = detail
    self.take = take
  }

  /// On the record.
  var text: String { detail.isEmpty ? title : "\(title): \(detail)" }
}

/// Opens the repository of a drill: at the primary store, and where that does not answer, by the runbook, at a copy.
final class RepositoryDoor {
  private let open: (DrillOpening) throws(Failure) -> RestorerAccess
  private let copies: [String]
  private let scenario: ScenarioRun?
  private let run: DrillContext
  /// Which store the repository was opened at last.
  private(set) var part = StoreInjection.Part.primary

  /// - Parameters:
  ///   - copies: what the copies are called, in their order
  ///   - open: opens one of them
  init(
    copies: [String], scenario: ScenarioRun?, _ run: DrillContext,
    open: @escaping (DrillOpening) throws(Failure) -> RestorerAccess
  ) {
    self.copies = copies
    self.scenario = scenario
    self.run = run
    self.open = open
  }

  /// Opens it where it can be opened.
  func enter() throws(Failure) -> RestorerAccess {
    var access: RestorerAccess?
    var failure: Failure?
    do throws(Failure) {
      access = try open(DrillOpening(part, scenario))
    } catch {
      failure = error
    }
    while let problem = failure {
      try run.stop.check()
      guard let step = nextCopy(after: problem, { access = $0 }) else { throw problem }
      do throws(Failure) {
        try step.carryOut(in: run, scenario)
        failure = nil
      } catch {
        failure = error
      }
    }
    guard let access else { throw Failure(.defect, "a repository that was neither opened nor refused") }
    return access
  }

  /// The step to the next copy, where a store does not answer and one is left.
  func nextCopy(after failure: Failure, _ use: @escaping (RestorerAccess) -> Void) -> RunbookStep? {
    guard scenario != nil, [.storeUnavailable, .storeDenied, .storeMissing].contains(failure.code) else { return nil }
    let next = if case .copy(let number) = part { number + 1 } else { 1 }
    guard next <= copies.count else { return nil }
    return RunbookStep("open the repository at a copy", "copy \(next)") { [self] () throws(Failure) in
      part = .copy(next)
      use(try open(DrillOpening(part, scenario)))
    }
  }

  /// Opens it once more at the same store.
  func again() throws(Failure) -> RestorerAccess { try open(DrillOpening(part, scenario)) }

  /// Opens the primary store with nothing going wrong.
  func calm() throws(Failure) -> RestorerAccess { try open(DrillOpening(.primary, nil)) }

  /// Where the data came from.
  func origin(of access: RestorerAccess) -> String { DataOrigin.text(part, access, copies: copies) }
}

extension RunbookStep {
  /// Takes the step, measured as its own phase.
  func carryOut(in run: DrillContext, _ scenario: ScenarioRun?) throws(Failure) {
    run.events(.note("runbook: \(text)"))
    scenario?.note(step: text)
    try run.measure(.step(title), take)
  }
}
