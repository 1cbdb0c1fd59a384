package import Bytes
package import Pipeline

/// What a drill asks of a server that it has loaded.
extension PostgreSQLTarget {
  package func greet(_ plan: LoadPlan, stop: StopSignal) throws(Failure) {
    let server = try server(for: [], stop)
    for (_, target) in plan.databases {
      let answer = try server.query(target).value("SELECT count(*) FROM pg_class;", stop: stop)
      guard let answer, let count = Int(answer), count > 0 else {
        throw Failure(.targetRefused, "the database does not answer", at: Printable.quoted(target))
      }
    }
  }

  package func discard(_ plan: LoadPlan, stop: StopSignal) throws(Failure) -> [String] {
    guard plan.request.isDrill else { return [] }
    return try drop(plan.databases.map(\.target) + plan.workspaces.values, stop)
  }

  package func sweep(stop: StopSignal) throws(Failure) -> [String] {
    let state = try TargetState.read(try server(for: [], stop), stop: stop)
    // One that is still loaded has a name of its own; its comment names the one that it was to get.
    return try drop(
      state.databases.filter { name, database in
        DrillEnding(of: database.mark?.target ?? name)?.isOver == true
      }.map(\.key), stop)
  }

  private func drop(_ names: [String], _ stop: StopSignal) throws(Failure) -> [String] {
    let server = try server(for: [], stop)
    let names = Set(names).sorted()
    for name in names { try WorkDatabase(server, name: name, target: name).drop(name, stop) }
    let there = try TargetState.read(server, stop: stop).databases
    guard let left = names.first(where: { there[$0] != nil }) else { return names }
    throw Failure(
      .targetRefused, "the database \(Printable.quoted(left)) is still there", at: server.connection.label,
      next: "Drop it by hand: it holds restored data.")
  }
}
