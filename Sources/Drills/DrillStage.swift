import Bytes
import Engine
import Format
import Pipeline
import Profiles

/// What a drill has set up, and takes down again: the target and the props of the scenario, each exactly once.
final class DrillStage {
  let target: StartedTarget
  let scenario: ScenarioRun?
  private let run: DrillContext
  private let keeps: Bool
  private var isCleared = false
  /// What a person must look at.
  private(set) var warnings: [String] = []
  /// How it was seen that the target is gone.
  private(set) var destroyed: String?
  /// How long the taking down took, in nanoseconds.
  private(set) var removal: UInt64 = 0
  /// Where the restored data was kept.
  private(set) var kept: String?

  /// - Parameter keeps: the restored data stays where the drill does not prove anything
  init(_ target: StartedTarget, _ scenario: ScenarioRun?, _ run: DrillContext, keeps: Bool) {
    self.target = target
    self.scenario = scenario
    self.run = run
    self.keeps = keeps
  }

  func warn(_ text: String) {
    warnings.append(text)
    run.events(.warning(text))
  }

  /// What the stage itself knows for the record.
  func particulars(hasRecovered: Bool) -> Record.Particulars {
    var particulars = Record.Particulars()
    particulars.target = target.made?.title
    particulars.scenario = scenario?.recorded(hasRecovered: hasRecovered)
    return particulars
  }

  /// Removes the restored data, and what the scenario has made. That it cannot be removed changes no verdict, but a
  /// person must know.
  ///
  /// - Parameter isUnproven: the drill came to its end and proved nothing: there may be something to look at
  func clear(isUnproven: Bool = false) {
    guard !isCleared else { return }
    isCleared = true
    let start = MonotonicClock.now()
    defer { removal = MonotonicClock.now() - start }
    if let made = target.made {
      do throws(Failure) {
        if keeps, isUnproven {
          let place = try made.keep()
          kept = place
          run.events(.note("the restored data is kept in \(place)"))
        } else {
          destroyed = try made.destroy()
        }
      } catch {
        warn(error.description)
      }
    }
    do throws(Failure) {
      try scenario?.clear()
    } catch {
      warn(error.description)
    }
  }
}
