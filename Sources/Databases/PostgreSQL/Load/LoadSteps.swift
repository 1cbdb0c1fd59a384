import Bytes
import Profiles

/// What a load will do, a line each, and about how long it takes.
enum LoadSteps {
  /// Rows that a server takes in a second with one session, in bytes of text: 20 to 60 MB were seen where a core and a
  /// solid-state disk were free. The lower end, for a promise is better kept than broken.
  private static let bytesPerSecond: UInt64 = 20_000_000

  static func of(_ plan: LoadPlan, _ databases: [DumpedDatabase], _ state: TargetState) -> [String] {
    let request = plan.request
    var steps: [String] = []
    if request.globals { steps.append("create the roles that the target lacks") }
    for database in databases {
      let target = PostgreSQLTarget.target(of: database, request)
      steps += self.steps(database, target, plan, state)
    }
    let jobs = UInt64(min(PostgreSQLTarget.jobs(request), 8))
    let seconds = Int64(plan.bytes / (bytesPerSecond * jobs) + 1)
    steps.append(
      "expected: about \(seconds) s or less for \(ByteCount(plan.bytes).rounded) with \(jobs) jobs, indexes not counted"
    )
    return steps
  }

  private static func steps(
    _ database: DumpedDatabase, _ target: String, _ plan: LoadPlan, _ state: TargetState
  ) -> [String] {
    let request = plan.request
    let facts = database.facts.database
    let size =
      "\(database.data.count) \(database.data.count == 1 ? "stream" : "streams"), "
      + ByteCount(database.bytes).rounded
    if let table = request.table {
      return ["restore the table \(table) of \(database.name) into \(target), beside one of its name if there is one"]
    }
    if request.dataOnly { return ["load the rows of \(database.name) into the tables of \(target): \(size)"] }
    let work = plan.workspaces[target] ?? target
    let locale = facts.locale.map { "\(facts.localeProvider) \($0)" } ?? facts.collate
    var steps = ["create the database \(work) (\(facts.encoding), \(locale))"]
    if !request.schemaOnly { steps.append("load \(database.name): \(size)") }
    steps.append("build indexes and constraints" + (request.schemaOnly ? "" : ", analyze, compare with the manifest"))
    if state.databases[target] != nil {
      steps.append("rename \(target) aside, ending its sessions, and \(work) to \(target)")
    } else {
      steps.append("rename \(work) to \(target)")
    }
    return steps
  }
}
