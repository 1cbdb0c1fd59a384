import Bytes
import Cryptography
import Databases
import Drills
import Engine
import Format
import Pipeline
import Profiles
import Repository
import Store
import Synchronization

/// A restore into a running server: look, load, compare, put in place, and keep the record of a recovery.
struct RestoreInto {
  let command: RestoreCommand
  /// A name under `targets`, or `source`.
  let target: String

  func run(in context: RunContext) throws(Failure) {
    let clock = try clock()
    let named = try NamedComponent(command.component)
    let profile = try profile(named)
    let server = try server(of: profile)
    let loader = LoadTargets.make(server)
    // What contradicts itself is said before a passphrase is asked for.
    _ = try command.load.request(checksums: true)
    let (chosen, copies) = try open(named, clock, in: context)
    try command.announce(chosen, in: context)
    let truth = try chosen.run.truth(of: chosen.listed)
    let request = try command.load.request(checksums: truth.tables.contains { $0.checksum != .zero })
    let record = try command.load.incident.map { (incident) throws(Failure) in
      try RecoveryRecord(
        chosen.access.meta, incident: incident, objectives: profile.objectives, tool: Release.tool)
    }
    let streams = try SnapshotStreams(
      chosen.listed, from: chosen.source, access: chosen.access, lanes: request.jobs ?? UsableCores.count(),
      workers: command.threads, stop: context.stop, progress: chosen.run.progress)
    let plan = try clock.measure(.examined) { () throws(Failure) in
      try loader.examine(streams, request, stop: context.stop)
    }
    try say(plan, in: context)
    if command.load.dryRun { return }
    let run = Loading(
      loader: loader, plan: plan, streams: streams, truth: truth, clock: clock, context: context,
      title: chosen.listed.snapshot.component)
    let result = run.attempt()
    let kept = try record.map { (record) throws(Failure) in
      var record = record
      record.particulars.target = "server \(server.kind.rawValue)"
      record.particulars.origin = DataOrigin.text(.primary, chosen.access, copies: copies)
      return try record.append(
        of: chosen.listed, checks: result.checks, evidence: result.evidence, clock: clock,
        bytes: streams.progress.bytes)
    }
    if let kept {
      DrillNotification.send(
        kept.record, name: kept.name, because: result.failure, to: profile.notify, stop: context.stop,
        events: context.events)
    }
    if let failure = result.failure {
      if let kept { context.note("record \(kept.name.hex.prefix(12)) says \(kept.record.verdict.rawValue)") }
      throw failure
    }
    for warning in result.outcome.warnings { context.warn(warning) }
    say(result, plan, chosen, kept, clock, in: context)
    if let kept { for text in DrillText.missed(kept.record) { context.warn(text) } }
  }

  // MARK: - Before

  private func clock() throws(Failure) -> RecoveryClock {
    if let declared = try command.load.declaration() { return try RecoveryClock(declaredAt: declared) }
    return RecoveryClock()
  }

  private func profile(_ named: NamedComponent) throws(Failure) -> Profile {
    if let profile = try named.described() { return profile }
    throw Failure(
      .usage, "a restore into a server needs the component's profile, which names it", at: "--into",
      next: "Give the component's name, or the path of its profile.")
  }

  private func server(of profile: Profile) throws(Failure) -> TargetSettings {
    let source = profile.source.server
    if target == TargetSettings.sourceName, let source {
      let options = command.load
      guard options.newName != nil || options.replace != nil || options.table != nil else {
        throw Failure(
          .usage, "the source's own server needs another name for the database", at: "--into source",
          next: "Restore beside it with --as NAME, or spell out --replace DATABASE.")
      }
      return TargetSettings(kind: source.kind, server: source.settings)
    }
    guard let found = profile.targets[target] else {
      let names = (profile.targets.keys.sorted() + (source == nil ? [] : [TargetSettings.sourceName]))
      throw Failure(
        .usage, "the profile has no target \(target)", at: profile.file,
        next: names.isEmpty ? "Name one under targets." : "It has \(names.joined(separator: ", ")).")
    }
    return found
  }

  private func open(
    _ named: NamedComponent, _ clock: RecoveryClock, in context: RunContext
  ) throws(Failure) -> (chosen: ChosenSnapshot, copies: [String]) {
    let wanted = try command.selection.selection()
    let address = try command.repository.address(in: context, for: [.restorer], hints: named.hints).asking(
      command.copies)
    let chosen = try clock.measure(.open) { () throws(Failure) in
      try ChosenSnapshot.open(
        address, wanted, of: named.name, writer: command.selection.writer, to: "restore", threads: command.threads,
        in: context)
    }
    return (chosen, address.copies.map(\.location.text))
  }

  // MARK: - Words

  /// Says what will be done; throws what keeps it from succeeding.
  private func say(_ plan: LoadPlan, in context: RunContext) throws(Failure) {
    let isDry = command.load.dryRun
    if isDry || command.output.json {
      func texts(_ list: [String]) -> JSONText { .list(list.map { .text($0) }) }
      let lines =
        plan.steps + plan.notes.map { "note: \($0)" } + plan.obstacles.map { "in the way: \($0)" }
      context.say(
        Statement(
          "plan",
          [
            ("target", .text(target)), ("databases", databases(plan)), ("bytes", .count(plan.bytes)),
            ("steps", texts(plan.steps)), ("notes", texts(plan.notes)), ("obstacles", texts(plan.obstacles)),
          ], isDry ? lines : []))
    } else {
      for note in plan.notes { context.note(note) }
    }
    guard let first = plan.obstacles.first else { return }
    let all = plan.obstacles.count == 1 || isDry ? first : plan.obstacles.joined(separator: "\n")
    throw Failure(
      .targetRefused, isDry ? "\(Plural.of(UInt64(plan.obstacles.count), "thing")) in the way" : all, at: target,
      next: "Nothing was changed.")
  }

  private func databases(_ plan: LoadPlan) -> JSONText {
    .list(plan.databases.map { .object([("name", .text($0.name)), ("target", .text($0.target))]) })
  }

  private func say(
    _ result: Loading.Result, _ plan: LoadPlan, _ chosen: ChosenSnapshot, _ kept: (name: Name, record: Record)?,
    _ clock: RecoveryClock, in context: RunContext
  ) {
    let listed = chosen.listed
    let names = plan.databases.map { $0.name == $0.target ? $0.name : "\($0.name) as \($0.target)" }
    let phases = clock.finish().phases
    let bytes = chosen.run.progress.bytes
    var lines = [
      "\(listed.snapshot.component): restored \(names.joined(separator: ", ")) into \(target) in "
        + "\(Duration.text(clock.elapsed)), \(ByteCount(bytes).rounded), from \(SnapshotText.origin(listed))",
      result.isVerified
        ? "  it equals the manifest of the dump" : "  it was not compared with the manifest: no rows were loaded",
    ]
    if let aside = result.outcome.setAside {
      lines.append("  what was there is \(aside) now; when nobody needs it: DROP DATABASE \"\(aside)\"")
    }
    if let kept { lines.append("  record \(kept.name.hex)") }
    context.say(
      Statement(
        "restore",
        [
          ("snapshot", .text(listed.name.hex)), ("target", .text(target)), ("databases", databases(plan)),
          ("bytes", .count(bytes)), ("milliseconds", .count(clock.elapsed / 1_000_000)),
          (
            "phases",
            .list(
              phases.map {
                .object([("name", .text($0.name)), ("milliseconds", .count($0.nanoseconds.value / 1_000_000))])
              })
          ), ("verified", result.isVerified ? .truth(true) : .nothing),
          ("setAside", result.outcome.setAside.map { .text($0) } ?? .nothing),
          ("record", kept.map { .text($0.name.hex) } ?? .nothing),
        ], lines, isSummary: true))
  }
}

/// The part of a restore into a server that changes it, with what was found for the record.
struct Loading {
  /// How it went.
  struct Result {
    var outcome = LoadOutcome()
    var checks: [Record.Check] = []
    /// That it was looked at.
    var evidence: RestoredEvidence?
    var isVerified = false
    var failure: Failure?
  }

  let loader: any LoadTarget
  let plan: LoadPlan
  let streams: SnapshotStreams
  let truth: TruthManifest
  let clock: RecoveryClock
  let context: RunContext
  /// For the progress.
  let title: String

  /// Loads, compares and puts in place. What is not as it was dumped does not get its name.
  func attempt() -> Result {
    var result = Result()
    do throws(Failure) {
      result.outcome = try load()
      result.checks.append(check("restore", .pass, "\(streams.progress.bytes) bytes, every chunk verified", false))
      try verify(&result)
      result.outcome = try clock.measure(.settled) { () throws(Failure) in
        context.events(.step(Phase.settled.name))
        return try loader.settle(plan, result.outcome, from: streams, stop: context.stop)
      }
    } catch {
      result.failure = error
      let isDamage = [.damaged, .unproven, .storeMissing].contains(error.code)
      if result.checks.allSatisfy({ $0.outcome == .pass }) {
        result.checks.append(check("in place", isDamage ? .fail : .unmeasured, error.what, true))
      }
    }
    return result
  }

  private func load() throws(Failure) -> LoadOutcome {
    let marks = Mutex<[(phase: String, moment: UInt64)]>([])
    defer { claim(marks.withLock { $0 }) }
    streams.progress.expect(plan.bytes)
    let progress = streams.progress
    return try context.tracking(title, { progress.restoreReading }) { () throws(Failure) in
      try loader.load(plan, from: streams, stop: context.stop) { [context] event in
        switch event {
        case .phase(let name):
          marks.withLock { $0.append((name, MonotonicClock.now())) }
          context.events(.step(name))
        case .note(let text): context.events(.note(text))
        case .warning(let text): context.events(.warning(text))
        }
      }
    }
  }

  /// Gives each phase the time until the next.
  private func claim(_ marks: [(phase: String, moment: UInt64)]) {
    let known: [String: Phase] = ["target": .target, "load": .loaded, "indexes": .indexes, "analyze": .analyzed]
    for (index, mark) in marks.enumerated() {
      let end = index + 1 < marks.count ? marks[index + 1].moment : MonotonicClock.now()
      if let phase = known[mark.phase] { clock.claim(phase, from: mark.moment, to: end) }
    }
  }

  private func verify(_ result: inout Result) throws(Failure) {
    guard !plan.request.schemaOnly else {
      result.checks.append(check("manifest", .skipped, "no rows were asked for", true))
      return
    }
    context.events(.step("manifest"))
    let (found, evidence) = try clock.measure(.check("manifest")) { () throws(Failure) in
      try RestoredEvidence.readBack(plan, by: loader, stop: context.stop)
    }
    result.evidence = evidence
    let expected = truth.part(of: plan, comparedWith: found)
    let differences = expected.differences(from: found)
    guard differences.isEmpty, !expected.tables.isEmpty || truth.tables.isEmpty else {
      result.checks.append(check("manifest", .fail, Plural.of(UInt64(differences.count), "difference"), true))
      let left = plan.databases.compactMap { plan.workspaces[$0.target] }.joined(separator: ", ")
      throw Failure(
        .damaged, "what was loaded is not what was dumped: \(differences.joined(separator: "; "))", at: title,
        next: left.isEmpty ? "Do not use it." : "It did not get its name; look at \(left), the next restore drops it.")
    }
    result.checks.append(check("manifest", .pass, "equal: \(Plural.of(UInt64(found.tables.count), "table"))", true))
    result.isVerified = true
  }

  private func check(
    _ name: String, _ outcome: Record.Check.Outcome, _ detail: String, _ looksAtData: Bool
  ) -> Record.Check {
    Record.Check(name: name, outcome: outcome, detail: detail, looksAtData: looksAtData)
  }
}
