import Bytes
import Engine
import Format
import Glibc
import Pipeline
import Profiles
import Repository
import Store
import StoreS3
import Synchronization

/// What is done to one rehearsed recovery, and how often it really was.
///
/// Faults of the store lie below everything that lifeboat has against them: retries, copies, checks of every name. All
/// of them are drawn by the seed. What breaks the target waits for its share of the data. Nothing is done any more once
/// the recovery is over: the record is put into a store that works.
final class ScenarioRun: Sendable {
  private struct State {
    /// By fault: how often it happened, beside what scripts count.
    var counts: [UInt64]
    /// By fault: its places in the scripts.
    var places: [[(script: FaultScript, index: Int)]]
    /// The session of the credentials has ended.
    var isExpired = false
    /// And was renewed.
    var isRenewed = false
    /// Requests of the primary are signed: the store itself refuses what has ended.
    var isSigned = false
    var isEnded = false
    var wasKilled = false
    var isFull = false
    var coldState: DrillFolder?
    var steps: [String] = []
  }

  let scenario: Scenario
  /// The small disk that the target is made on; nil where no fault needs one.
  let disk: CrampedDisk?
  /// What is done to the primary store, and what to the copies too.
  private let primary: FaultScript
  private let everywhere: FaultScript
  private let folder: String?
  private let state: Mutex<State>

  /// Prepares what can be before anything was opened.
  ///
  /// - Parameters:
  ///   - scenario: what is done
  ///   - target: where the drill restores to
  ///   - copies: how many copies of the repository there are
  ///   - stop: ends every delay
  /// - Throws: `targetRefused` where a fault cannot be made here, `usage` where the drill lacks what it needs
  init(_ scenario: Scenario, target: DrillTarget, copies: Int, stop: StopSignal) throws(Failure) {
    if scenario.faults.contains(.storeLost), copies == 0 {
      throw Failure(
        .usage, "store-lost recovers from a copy, and none is named", at: "scenario",
        next: "Name one under copies in the profile, or with --copy.")
    }
    self.scenario = scenario
    folder = target.folder
    let needsDisk = scenario.faults.contains { if case .targetFull = $0 { true } else { false } }
    disk = needsDisk ? try CrampedDisk() : nil
    primary = FaultScript(stop: stop)
    everywhere = FaultScript(stop: stop)
    let count = scenario.faults.count
    state = Mutex(
      State(counts: Array(repeating: 0, count: count), places: Array(repeating: [], count: count)))
    for (index, fault) in scenario.faults.enumerated() {
      for storeFault in fault.storeFaults(seed: seed(index)) { add(storeFault, to: primary, for: index) }
    }
  }

  /// A seed of its own for each fault: two of a kind must not come at the same calls.
  private func seed(_ index: Int) -> UInt64 { StoreFault.number(scenario.seed, UInt64(index)) }

  private func add(_ fault: StoreFault, to script: FaultScript, for index: Int) {
    let place = script.add(fault)
    state.withLock { $0.places[index].append((script, place)) }
  }

  private func note(_ index: Int) { state.withLock { $0.counts[index] += 1 } }

  // MARK: - The store

  /// What stores are opened with.
  var injection: StoreInjection {
    StoreInjection { [self] store, part in
      let wrapped = FaultStore.around(store, everywhere)
      return part == .primary ? FaultStore.around(wrapped, primary) : wrapped
    } credentials: { [self] provider, part in
      guard part == .primary, let index = expiring else { return provider }
      state.withLock { $0.isSigned = true }
      return ExpiringCredentials(provider) { [self] in
        state.withLock { $0.isExpired && !$0.isRenewed && !$0.isEnded }
      } renew: { [self] in
        note(index)
        state.withLock { $0.isRenewed = true }
      }
    }
  }

  private var expiring: Int? {
    scenario.faults.firstIndex { if case .expiredCredentials = $0 { true } else { false } }
  }

  /// The state folder to work with.
  func stateRoot(_ usual: String, of repository: Identifier) throws(Failure) -> String {
    guard let index = scenario.faults.firstIndex(of: .coldCache) else { return usual }
    if let made = state.withLock({ $0.coldState }) { return made.path }
    let made = try DrillFolder(in: folder)
    state.withLock { state in
      state.coldState = made
      // Where this host remembers nothing, nothing was passed over.
      if access("\(usual)/\(repository.hex)", F_OK) == 0 { state.counts[index] += 1 }
    }
    return made.path
  }

  // MARK: - Once the snapshot is chosen

  /// Whether there are faults whose place depends on the snapshot.
  var needsPlacing: Bool {
    scenario.faults.contains {
      switch $0 {
      case .corruptPack, .missingPack, .expiredCredentials, .badSnapshots: true
      default: false
      }
    }
  }

  /// Chooses what of the repository is damaged, and when credentials end.
  ///
  /// - Parameters:
  ///   - candidates: the snapshots of the component that count, the newest last, up to the chosen one
  ///   - restore: looks them up
  func place(_ candidates: [ListedSnapshot], _ restore: RestoreRun) throws(Failure) {
    guard let chosen = candidates.last else { return }
    let source = try restore.source(of: chosen)
    let footprint = try Footprint(of: chosen, in: source)
    for (index, fault) in scenario.faults.enumerated() {
      switch fault {
      case .corruptPack:
        if let spot = try footprint.spot(seed: seed(index)) { damage(spot, in: primary, for: index) }
      case .missingPack:
        if let path = try footprint.newestPack() { lose(path, for: index) }
      case .expiredCredentials(let share):
        expire(after: primary.bytes + UInt64(Double(footprint.bytes) * share), for: index)
      case .badSnapshots(let count):
        try spoil(candidates, count, footprint, restore, for: index)
      default: break
      }
    }
  }

  private func damage(_ spot: Footprint.Spot, in script: FaultScript, for index: Int) {
    add(StoreFault(.flip(spot.offset), on: .read, at: spot.path, count: .max), to: script, for: index)
    hideVersions(of: spot.path, in: script)
  }

  /// What is damaged in a rehearsal has no older version that is not: the bucket's own would be the same, undamaged.
  private func hideVersions(of path: String, in script: FaultScript) {
    let none = Failure(.storeMissing, "no older version", at: path)
    _ = script.add(StoreFault(.fail(none), on: .findIntact, at: path, count: .max))
  }

  private func lose(_ path: String, for index: Int) {
    let gone = Failure(.storeMissing, "no such object", at: path)
    for call in [StoreCall.read, .size] {
      add(StoreFault(.fail(gone), on: call, at: path, count: .max), to: primary, for: index)
    }
    add(StoreFault(.hide(path), on: .list, count: .max), to: primary, for: index)
    hideVersions(of: path, in: primary)
  }

  private func expire(after bytes: UInt64, for index: Int) {
    _ = primary.add(
      StoreFault(
        .before { [self] in state.withLock { $0.isExpired = true } }, on: .read, draw: .row(first: 1, count: 1),
        afterBytes: bytes))
    let denied = Failure(.storeDenied, "ExpiredToken: the provided token has expired", at: "rehearsed")
    // Where requests are signed it is the store that refuses.
    let fault = StoreFault(.fail(denied), draw: .row(first: 1, count: .max), afterBytes: bytes) { [self] in
      state.withLock { !$0.isSigned && !$0.isRenewed }
    }
    add(fault, to: primary, for: index)
  }

  /// Damages what only the newest snapshots need, in the copies too: what was bad when it was backed up is bad in every
  /// copy of it.
  private func spoil(
    _ candidates: [ListedSnapshot], _ count: Int, _ newest: Footprint, _ restore: RestoreRun, for index: Int
  ) throws(Failure) {
    var footprint = newest
    for (number, snapshot) in candidates.reversed().enumerated().prefix(count) {
      let place = candidates.count - 2 - number
      let older = place >= 0 ? try self.footprint(of: candidates[place], restore) : nil
      if let spot = try footprint.spot(seed: seed(index), sparing: older?.chunks ?? []) {
        damage(spot, in: everywhere, for: index)
      }
      guard let older, snapshot.name != candidates.first?.name else { return }
      footprint = older
    }
  }

  private func footprint(of snapshot: ListedSnapshot, _ restore: RestoreRun) throws(Failure) -> Footprint? {
    try Footprint(of: snapshot, in: try restore.source(of: snapshot))
  }

  // MARK: - The target

  /// Lets the target break at its share of the data.
  ///
  /// - Throws: `targetRefused` where it cannot be broken so, `targetFull` where the data is too much for a small disk
  func arm(_ target: any RecoveryTarget, _ progress: RunProgress, needing bytes: UInt64) throws(Failure) {
    for (index, fault) in scenario.faults.enumerated() {
      switch fault {
      case .targetKilled(let share):
        guard let breakable = target as? any BreakableTarget else {
          throw Failure(.targetRefused, "there is no server of the drill's own to kill", at: "scenario target-killed")
        }
        progress.once(at: share) { [self] in
          guard breakable.kill() else { return }
          note(index)
          state.withLock { $0.wasKilled = true }
        }
      case .targetFull(let share):
        try disk?.check(needing: bytes)
        progress.once(at: share) { [self] in
          if disk?.fill() == true { state.withLock { $0.isFull = true } }
        }
      default: break
      }
    }
  }

  /// Whether the server was killed since this was asked last.
  func takeKill() -> Bool {
    state.withLock { state in
      defer { state.wasKilled = false }
      return state.wasKilled
    }
  }

  /// Whether the disk is full and the target has failed on it: only now it really happened.
  func takeFull() -> Bool {
    let isFull = state.withLock { state in
      defer { state.isFull = false }
      return state.isFull
    }
    guard isFull else { return false }
    if let index = scenario.faults.firstIndex(where: { if case .targetFull = $0 { true } else { false } }) {
      note(index)
    }
    return true
  }

  /// Counts what a recovery by the rescue kit really did: the commands of its page, each a step that somebody takes.
  func noteKit(steps: [String]) {
    guard let index = scenario.faults.firstIndex(where: \.isKit) else { return }
    state.withLock { state in
      state.counts[index] += UInt64(steps.count)
      state.steps += steps
    }
  }

  // MARK: - The outcome

  /// New credentials were fetched.
  func renew() { state.withLock { $0.isRenewed = true } }

  /// Whether the store has refused expired credentials that nobody has renewed.
  var needsCredentials: Bool {
    guard let expiring else { return false }
    return fired(expiring) > 0 && state.withLock { !$0.isRenewed }
  }

  /// A step of the runbook was taken.
  func note(step: String) { state.withLock { $0.steps.append(step) } }

  /// What the runbook had done so far.
  var steps: [String] { state.withLock { $0.steps } }

  /// Whether anything happened at all.
  var hasFired: Bool { scenario.faults.indices.contains { fired($0) > 0 } }

  private func fired(_ index: Int) -> UInt64 {
    let (count, places) = state.withLock { ($0.counts[index], $0.places[index]) }
    return places.reduce(count) { $0 + $1.script.hits(of: $1.index) }
  }

  /// The recovery is over: nothing is done any more.
  func end() {
    primary.end()
    everywhere.end()
    state.withLock { $0.isEnded = true }
  }

  /// What the record says.
  ///
  /// - Parameter hasRecovered: whether the data came back
  func recorded(hasRecovered: Bool) -> Record.Scenario {
    let faults = scenario.faults.enumerated().map { index, fault in
      Record.Scenario.Fault(kind: fault.kind, detail: fault.detail, fired: fired(index))
    }
    let outcome: Record.Scenario.Outcome = hasRecovered ? (steps.isEmpty ? .automatic : .runbook) : .failed
    return Record.Scenario(seed: scenario.seed, faults: faults, outcome: outcome, steps: steps)
  }

  /// Removes what the scenario itself has made. Called when the target is gone.
  func clear() throws(Failure) {
    end()
    let cold = state.withLock { state in
      defer { state.coldState = nil }
      return state.coldState
    }
    try cold?.remove()
    try disk?.remove()
  }
}
