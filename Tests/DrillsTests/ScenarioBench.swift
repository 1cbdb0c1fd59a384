import Bytes
import Drills
import Engine
import Format
import Pipeline
import Profiles
import Repository
import Store
import TestKit
import Testing

extension Bench {
  /// A drill with faults, as its file would have them.
  func drill(
    faults: String, seed: Int = 7, checks: String = "[integrity, manifest]", select: String = "latest",
    folder place: String? = nil
  ) throws -> Drill {
    let text = """
      drill: orders-trouble
      component: orders
      repository: \(folder.path("repository"))
      select: \(select)
      target: {kind: scratch-directory, folder: \(place ?? scratch), keep: never}
      scenario: {seed: \(seed), faults: \(faults)}
      checks: \(checks)
      """
    return try Drill.parse(Array(text.utf8), file: "drill.yaml") { _ in nil }
  }

  /// Runs a drill through everything that the program puts around a store.
  ///
  /// - Parameters:
  ///   - copies: other folders with the repository
  ///   - state: the state folder of the host
  ///   - location: where the repository is, if not in the bench's own folder
  ///   - variables: the environment
  @discardableResult
  func rehearse(
    _ drill: Drill, copies: [String] = [], state: String? = nil, at location: String? = nil,
    variables: [String: String] = [:], stop: StopSignal = StopSignal(), events: Events = Events()
  ) throws -> DrillReport {
    let clock = RecoveryClock()
    let meter = StoreMeter()
    clock.count(with: meter)
    let run = DrillRun(
      drill, tool: "lifeboat test", copies: copies, clock: clock, stop: stop, progress: RunProgress(), workers: 2,
      events: events.take)
    let places = [location ?? folder.path("repository")] + copies
    return try run.run { [self] (opening) throws(Failure) in
      var surroundings = StoreSurroundings(environment: variables, stop: stop) { meter.hear($0) }
      surroundings.injection = opening.injection
      surroundings.part = opening.part
      surroundings.counting = { meter.counting($0) }
      let number = if case .copy(let number) = opening.part { number } else { 0 }
      var others = places.enumerated().filter { $0.offset > 0 && $0.offset != number }.map(\.element)
      if number > 0, location != nil { others = [] }
      let store = try StoreAddress(StoreLocation(places[number]))
      let addresses = try others.map { (path) throws(Failure) in try StoreAddress(StoreLocation(path)) }
      let root = try state.map { (root) throws(Failure) in try opening.stateRoot(root, of: keys.restorer.repository) }
      let (key, settled) = (keys.restorer, surroundings)
      return try clock.measure(.open) { () throws(Failure) in
        try RestorerAccess(
          try RepositoryOpening.open(store, key: key, stateRoot: root, copies: addresses, in: settled), to: "drill")
      }
    }
  }

  /// A copy of the repository as it is now; returns where.
  func copyRepository(_ name: String = "copy") throws -> String {
    let place = folder.path(name)
    #expect(try Program.run(["cp", "-r", folder.path("repository"), place]).status == 0)
    return place
  }

  /// Rows that make the database some megabytes long.
  func grow(megabytes: Int) throws {
    try change(
      "INSERT INTO invoice (note) SELECT hex(randomblob(250000)) FROM customer, customer, invoice LIMIT \(megabytes * 2);"
    )
  }
}

extension DrillReport {
  var scenario: Record.Scenario? { record.particulars?.scenario }
  /// How often the faults happened, in their order.
  var fired: [UInt64] { (scenario?.faults ?? []).map(\.fired) }
}
