package import Bytes
package import Databases
import Format
package import Pipeline
package import Profiles

/// What was loaded into a server, for checks to look at: by the vendor's own tools, and without changing it.
package final class RestoredServer: RestoredData {
  private static let queryTimeout = Seconds(600)

  let kind: ServerKind
  /// Names as they were dumped, and where each is now.
  let databases: [(name: String, place: String)]
  private let truth: TruthManifest
  private let loader: any LoadTarget
  private let plan: LoadPlan
  private let isScratch: Bool
  private let inspection: any ServerInspection

  package var engine: String { kind.rawValue }

  /// - Parameters:
  ///   - kind: of the server
  ///   - server: how it is reached
  ///   - databases: `name` as it was dumped, `place` where it is on the server now
  ///   - truth: the manifest of the snapshot
  ///   - loader: what loaded them
  ///   - plan: how
  ///   - isScratch: whether the server was made for this drill: a check may install there what it needs
  package init(
    kind: ServerKind, server: ServerSettings, databases: [(name: String, place: String)], truth: TruthManifest,
    loader: any LoadTarget, plan: LoadPlan, isScratch: Bool = false
  ) {
    self.kind = kind
    self.databases = databases
    self.truth = truth
    self.loader = loader
    self.isScratch = isScratch
    inspection = ServerInspections.make(kind, server)
    // Where things were while they were loaded is over.
    var plan = plan
    plan.workspaces = [:]
    plan.databases = databases.map { ($0.name, $0.place) }
    plan.request.checksums = truth.tables.contains { $0.checksum != .zero }
    self.plan = plan
  }

  package func isThere(stop: StopSignal) throws(Failure) -> Bool {
    do throws(Failure) {
      if databases.isEmpty { return false }
      return try missing(stop) == nil
    } catch {
      try stop.check()
      return false
    }
  }

  /// A database that is not where it was loaded.
  private func missing(_ stop: StopSignal) throws(Failure) -> String? {
    let there = try inspection.databases(stop: stop)
    return databases.first { !there.contains($0.place) }?.name
  }

  package var variables: [String: String] {
    let names = databases.map(\.place)
    return inspection.variables(database: names.first).merging(
      ["LIFEBOAT_RESTORED": names.joined(separator: "\n")]
    ) { $1 }
  }

  // MARK: - Integrity

  package func integrity(stop: StopSignal) throws(Failure) -> Finding {
    try onServer(stop) { () throws(Failure) in
      let found = try inspection.integrity(
        of: databases.map(\.place), expected: expected(TruthManifest()), isScratch: isScratch, stop: stop)
      switch found {
      case .sound(let what): return Finding(.pass, what)
      case .damaged(let what, let findings): return Finding(.fail, what, findings)
      case .unmeasured(let what, let remarks): return Finding(.unmeasured, what, remarks)
      }
    }
  }

  // MARK: - Manifest

  package func manifest(_ check: ManifestCheck, stop: StopSignal) throws(Failure) -> Finding {
    guard !truth.tables.isEmpty else { return Finding(.unmeasured, "the snapshot has no manifest of tables") }
    return try onServer(stop) { () throws(Failure) in
      if let share = check.sample, let finding = try sampled(share, check.seed, stop) { return finding }
      return try exact(stop)
    }
  }

  /// What of the manifest was loaded.
  private func expected(_ found: TruthManifest) -> TruthManifest { truth.part(of: plan, comparedWith: found) }

  private static let silent = Finding(.unmeasured, "the manifest says nothing of what was restored")
  private var counted: String { plan.request.checksums ? "" : ", rows only, for the dump has no checksums" }

  private func exact(_ stop: StopSignal) throws(Failure) -> Finding {
    let found = try loader.truth(of: plan, stop: stop)
    let expected = expected(found)
    guard !expected.tables.isEmpty else { return RestoredServer.silent }
    return ManifestFinding.of(
      expected.differences(from: found), equal: "equal: \(Counted.of(expected.tables.count, "table"))\(counted)")
  }

  /// Nil where only all can be read.
  private func sampled(_ share: Double, _ seed: UInt64?, _ stop: StopSignal) throws(Failure) -> Finding? {
    let expected = expected(TruthManifest())
    guard !expected.tables.isEmpty else { return RestoredServer.silent }
    let sample = ManifestSample(share: share, seed: seed, of: expected.tables)
    let drawn = plan.request.checksums ? sample.drawn : []
    guard let found = try inspection.sample(of: databases, expected: expected, drawn: drawn, stop: stop) else {
      return nil
    }
    let differences = expected.differences(from: found)
    if plan.request.checksums { return ManifestFinding.of(differences, sample) }
    return ManifestFinding.of(
      differences, equal: "equal: \(Counted.of(expected.tables.count, "table"))\(counted)")
  }

  // MARK: - Queries

  package func query(_ text: String, in database: String?, stop: StopSignal) throws(Failure) -> QueryAnswer {
    let place: String
    switch self.place(of: database) {
    case .found(let found): place = found
    case .absent(let why): return .fault(Finding(.fail, why))
    case .unclear(let why): return .unmeasured(Finding(.unmeasured, why))
    }
    var rows: [String]?
    let finding = try onServer(stop) { () throws(Failure) in
      rows = try inspection.answer(to: text, in: place, timeout: RestoredServer.queryTimeout, stop: stop)
      return Finding(.pass, "")
    }
    if let rows { return .rows(rows) }
    return finding.outcome == .fail ? .fault(finding) : .unmeasured(finding)
  }

  private func place(of name: String?) -> RestoredFolder.Place {
    guard let name else {
      if databases.count == 1 { return .found(databases[0].place) }
      // A client of Redis begins in the first one, too.
      if kind == .redis { return .found("db0") }
      return .unclear(
        databases.isEmpty
          ? "no database was restored" : "\(databases.count) databases were restored: name the database")
    }
    guard let found = databases.first(where: { Array($0.name.utf8) == Array(name.utf8) }) else {
      return .absent("no such database was restored")
    }
    return .found(found.place)
  }

  // MARK: - Faults

  /// Looks at the server. What it says against what was loaded is a fault of that; that there is no way to it, or no
  /// tool, says nothing. Its words are for the person: they may hold what was loaded.
  private func onServer(_ stop: StopSignal, _ body: () throws(Failure) -> Finding) throws(Failure) -> Finding {
    do throws(Failure) {
      if let name = try missing(stop) {
        return Finding(.fail, "a restored database is not there", ["there is no \(DisplayText.of(Array(name.utf8)))"])
      }
      return try body()
    } catch {
      try stop.check()
      if [.unproven, .damaged].contains(error.code) {
        return Finding(.fail, "\(engine) could not answer", [error.description])
      }
      return Finding(.unmeasured, "\(engine) could not be asked", [error.description])
    }
  }
}
