package import Bytes
package import Profiles

/// A drill file, as far as a plan looks at it.
package struct PlannedDrill: Sendable {
  package let name: String
  /// What to give to `lifeboat drill`.
  package let file: String
  package let component: String
  package let scenario: ScenarioKey
  package let schedule: Schedule?

  package init(name: String, file: String, component: String, scenario: ScenarioKey, schedule: Schedule?) {
    self.name = name
    self.file = file
    self.component = component
    self.scenario = scenario
    self.schedule = schedule
  }

  package init(_ drill: Drill) {
    self.init(
      name: drill.name, file: drill.file, component: drill.component, scenario: ScenarioKey(drill.scenario),
      schedule: drill.schedule)
  }

  /// All drills that can be looked up in `folders`, by name, and what keeps others from being read.
  package static func find(in folders: [String] = Lookup.drillFolders) -> (drills: [PlannedDrill], problems: [Failure])
  {
    var drills: [PlannedDrill] = []
    var problems: [Failure] = []
    for name in Lookup.names(in: folders) {
      do throws(Failure) {
        drills.append(PlannedDrill(try Drill.load(try Lookup.drill(name, in: folders))))
      } catch {
        problems.append(error)
      }
    }
    return (drills, problems)
  }
}

extension Schedule {
  /// The longest time between two of its runs, in seconds: of `Mon..Fri 03:15` the weekend.
  package var period: Int64 {
    let day: Int64 = 86_400
    switch text {
    case "hourly": return 3_600
    case "daily": return day
    case "weekly": return 7 * day
    case "monthly": return 31 * day
    default:
      let parts = text.split(separator: " ")
      guard parts.count == 2 else { return day }
      return Int64(Schedule.longestGap(String(parts[0]))) * day
    }
  }

  /// Of `Tue,Sat`: four days.
  private static func longestGap(_ text: String) -> Int {
    let week = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
    var days: Set<Int> = []
    for part in text.split(separator: ",") {
      let ends = part.split(separator: ".").compactMap { week.firstIndex(of: String($0)) }
      if let first = ends.first, let last = ends.last, first <= last { days.formUnion(first...last) }
    }
    let sorted = days.sorted()
    guard let first = sorted.first else { return 7 }
    return zip(sorted, sorted.dropFirst() + [first + 7]).map { $1 - $0 }.max() ?? 7
  }
}
