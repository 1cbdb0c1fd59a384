package import Bytes
import Glibc
package import Pipeline
package import Profiles
import Synchronization

/// A PostgreSQL server that dumps are loaded into.
///
/// A database is made and loaded under a name of its own (`orders_lifeboat_1a2b3c4d`), and gets its name when everything
/// is there and was found good.
package final class PostgreSQLTarget: LoadTarget {
  private let settings: ServerSettings
  /// Of one table, which goes on from where it was loaded and compared.
  private let tableTruth = Mutex<TruthManifest?>(nil)
  /// Found once: looking for tools and asking for versions takes a second where every login takes its time.
  private let found = Mutex<LoadServer?>(nil)

  package init(_ settings: ServerSettings) { self.settings = settings }

  // MARK: - Examine

  package func examine(
    _ streams: any StreamProvider, _ request: LoadRequest, stop: StopSignal
  ) throws(Failure) -> LoadPlan {
    let chosen = try PostgreSQLTarget.choose(request, try DumpedDatabase.all(in: streams, stop: stop))
    let server = try server(for: chosen, stop)
    let state = try TargetState.read(server, stop: stop)
    var examination = LoadExamination(state, tools: server.tools.version, request)
    examination.checkServer(streams: PostgreSQLTarget.jobs(request))
    var plan = LoadPlan(
      request: request, databases: chosen.map { ($0.name, PostgreSQLTarget.target(of: $0, request)) },
      bytes: chosen.reduce(0) { $0 + (request.schemaOnly ? 0 : $1.bytes) + $1.schema.length })
    for database in chosen {
      let target = PostgreSQLTarget.target(of: database, request)
      examination.check(database, as: target)
      try lookInside(database, target, server, state, &examination, stop)
      try checkSchema(database, streams, server, &examination, stop)
      if !request.dataOnly { plan.workspaces[target] = WorkDatabase.name(for: target) }
      examination.checkLeftovers(of: target)
    }
    if !request.schemaOnly { examination.checkSpace(chosen) }
    plan.obstacles = examination.obstacles
    plan.notes = examination.notes
    plan.steps = LoadSteps.of(plan, chosen, state)
    return plan
  }

  func server(for dumped: [DumpedDatabase], _ stop: StopSignal) throws(Failure) -> LoadServer {
    if let known = found.withLock({ $0 }) { return known }
    let server = try LoadServer.find(settings, for: dumped, stop: stop)
    found.withLock { $0 = server }
    return server
  }

  /// The databases that are loaded.
  static func choose(
    _ request: LoadRequest, _ all: [DumpedDatabase]
  ) throws(Failure) -> [DumpedDatabase] {
    let names = all.map { Printable.quoted($0.name) }.joined(separator: ", ")
    if let name = request.database {
      guard let found = all.first(where: { $0.name == name }) else {
        throw Failure(.usage, "the snapshot has no database \(Printable.quoted(name))", next: "It has \(names).")
      }
      return [found]
    }
    let needsOne = request.newName != nil || request.replaces != nil || request.table != nil
    guard all.count == 1 || !needsOne else {
      throw Failure(.usage, "the snapshot has \(all.count) databases", next: "Choose one with --database: \(names).")
    }
    return all
  }

  static func target(of database: DumpedDatabase, _ request: LoadRequest) -> String {
    if let ending = request.ending { return ending.appended(to: database.name, limit: 63) }
    return request.newName ?? request.replaces ?? database.name
  }

  static func jobs(_ request: LoadRequest) -> Int { max(1, request.jobs ?? UsableCores.count()) }

  /// A target that is there already must be empty, or made for data alone.
  private func lookInside(
    _ database: DumpedDatabase, _ target: String, _ server: LoadServer, _ state: TargetState,
    _ examination: inout LoadExamination, _ stop: StopSignal
  ) throws(Failure) {
    guard state.databases[target] != nil else { return }
    let request = examination.request
    if request.replaces == target || request.table != nil { return }
    if request.dataOnly {
      try TargetTables.check(database, server.query(target), state, &examination, stop)
      return
    }
    let objects = try server.query(target).value(PostgreSQLTarget.objects, stop: stop)
    guard let objects, let count = Int(objects), count > 0 else {
      examination.note("the empty database \(target) makes room: it is renamed aside")
      return
    }
    examination.add(
      "the database \(target) on the target is not empty: \(count) objects of its own",
      "Restore beside it with --as NAME, or spell out --replace \(target).")
  }

  /// What a person made in a database; what an extension brought does not count.
  private static let objects = """
    SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' AND c.relkind IN ('r', 'p', 'm', 'f', 'v', 'S')
    AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid
    AND d.deptype = 'e');
    """

  /// That the tools here can read the schema is found out now, and not after hours.
  private func checkSchema(
    _ database: DumpedDatabase, _ streams: any StreamProvider, _ server: LoadServer,
    _ examination: inout LoadExamination, _ stop: StopSignal
  ) throws(Failure) {
    let file = try SchemaFile(server, database, streams, stop: stop)
    let contents: ArchiveContents
    do {
      contents = try file.contents(stop: stop)
    } catch {
      try stop.check()
      guard error.code == .targetRefused else { throw error }
      examination.add(error.what, "Install client tools of version \(database.facts.tool.major) or later.")
      return
    }
    guard let table = examination.request.table else { return }
    guard let name = TableName.find(table, in: database.facts) else {
      examination.add("the dump has no table \(table)", "Spell it schema.table, as the database does.")
      return
    }
    if contents.table(name) == nil { examination.add("the schema has no table \(name.title)", "Restore all of it.") }
    if !server.readsFiles {
      examination.add("one table can't be restored by tools behind a prefix", "Use tools of this machine.")
    }
  }

  // MARK: - Load

  package func load(
    _ plan: LoadPlan, from streams: any StreamProvider, stop: StopSignal, events: @escaping LoadEventSink
  ) throws(Failure) -> LoadOutcome {
    let chosen = try PostgreSQLTarget.choose(plan.request, try DumpedDatabase.all(in: streams, stop: stop))
    let server = try server(for: chosen, stop)
    var state = try TargetState.read(server, stop: stop)
    var outcome = LoadOutcome()
    events(.phase("target"))
    if plan.request.globals {
      outcome.warnings += try GlobalsLoad.run(streams, server, state, stop: stop)
      state = try TargetState.read(server, stop: stop)
    }
    for database in chosen {
      let run = LoadRun(
        server: server, state: state, database: database, plan: plan, streams: streams, events: events)
      let (warnings, truth) = try run.run(stop: stop)
      outcome.warnings += warnings
      if let truth { tableTruth.withLock { $0 = truth } }
    }
    return outcome
  }

  package func truth(of plan: LoadPlan, stop: StopSignal) throws(Failure) -> TruthManifest {
    var truth = TruthManifest(engine: "postgresql")
    if plan.request.schemaOnly { return truth }
    if plan.request.table != nil { return tableTruth.withLock { $0 } ?? truth }
    for (name, target) in plan.databases {
      let found = try LoadTruth.take(
        settings, plan.workspaces[target] ?? target, as: name, plan.request, stop: stop)
      truth = TruthManifest(
        engine: truth.engine, tables: truth.tables + found.tables, sequences: truth.sequences + found.sequences)
    }
    return truth
  }

  package func settle(
    _ plan: LoadPlan, _ outcome: LoadOutcome, from streams: any StreamProvider, stop: StopSignal
  ) throws(Failure) -> LoadOutcome {
    var outcome = outcome
    let chosen = try PostgreSQLTarget.choose(plan.request, try DumpedDatabase.all(in: streams, stop: stop))
    let server = try server(for: chosen, stop)
    let state = try TargetState.read(server, stop: stop)
    for database in chosen {
      let run = LoadRun(
        server: server, state: state, database: database, plan: plan, streams: streams, events: { _ in })
      try run.settle(&outcome, stop: stop)
    }
    return outcome
  }
}
