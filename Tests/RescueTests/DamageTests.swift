import TestKit
import Testing

/// How an object is damaged.
enum Damage: String, CaseIterable, Sendable {
  case flipped
  case removed
  case truncated
  case swapped
}

@Suite("rescue.py and lifeboat before damaged repositories")
struct DamageTests {
  static let kinds = ["authority", "enrolment", "packs", "index", "snapshots"]

  @Test("never give wrong bytes, and say so when something is lost", arguments: kinds, Damage.allCases)
  func damage(_ kind: String, _ damage: Damage) throws {
    let fresh = try FreshRepository()
    var random = RandomSource(seed: 11)
    let victims = fresh.objects[kind] ?? []
    try #require(!victims.isEmpty)
    for victim in victims.shuffled(using: &random).prefix(2) {
      let path = "\(fresh.store)/\(victim)"
      let original = try Files.read(path)
      let other = victims.first { $0 != victim }
      guard let damaged = try apply(damage, to: original, other.map { try Files.read("\(fresh.store)/\($0)") }, &random)
      else { continue }
      try replace(path, by: damaged.isEmpty && damage == .removed ? nil : damaged)
      try checkRescue(fresh, "\(damage) \(victim)")
      try checkLifeboat(fresh, "\(damage) \(victim)")
      try replace(path, by: original)
    }
    try checkWhole(fresh)
  }

  private func apply(
    _ damage: Damage, to bytes: [UInt8], _ other: [UInt8]?, _ random: inout RandomSource
  ) throws -> [UInt8]? {
    switch damage {
    case .flipped:
      var copy = bytes
      copy[random.number(in: 0...(copy.count - 1))] ^= UInt8(1 << random.number(in: 0...7))
      return copy
    case .removed: return []
    case .truncated: return Array(bytes.prefix(random.number(in: 1...(bytes.count - 1))))
    case .swapped: return other
    }
  }

  /// Objects are read-only files: a damaged one takes the place of the old one under its name.
  private func replace(_ path: String, by bytes: [UInt8]?) throws {
    _ = try Program.run(["rm", "-f", path])
    if let bytes { try Files.write(path, bytes) }
  }

  private func checkRescue(_ fresh: FreshRepository, _ what: String) throws {
    let target = TemporaryFolder()
    let outcome = try Rescue.run(
      ["restore", "--component", "tree", "--to", target.path("out")], store: fresh.store, key: fresh.restorer)
    try checkResult(outcome, target.path("out"), fresh, "rescue.py, \(what)")
    #expect(!outcome.errors.contains("Traceback"), "rescue.py, \(what): \(outcome.errors)")
  }

  private func checkLifeboat(_ fresh: FreshRepository, _ what: String) throws {
    let target = TemporaryFolder()
    let outcome = try Product.run(
      ["restore", "tree", "--to", target.path("out"), "--repository", fresh.store, "--key", fresh.restorer],
      state: target.path("state"))
    try checkResult(outcome, target.path("out"), fresh, "lifeboat, \(what)")
    // The host that made the snapshots knows of the newest; nobody else could tell that it is gone.
    let check = try Product.run(
      ["check", "--read-data", "--repository", fresh.store, "--key", fresh.restorer], state: fresh.state)
    #expect(check.status != 0, "check saw nothing: \(what)")
    #expect(check.status < 64, "\(what): \(check.errors)")
  }

  /// Whatever came out is right; and all of it came out if the program says that it went well. Where the newest
  /// snapshot is lost, the one before may be restored instead.
  private func checkResult(
    _ outcome: Program.Outcome, _ target: String, _ fresh: FreshRepository, _ what: String
  ) throws {
    #expect((0..<64).contains(outcome.status), "\(what): status \(outcome.status), \(outcome.errors)")
    let contents = try Rescue.contents(of: target)
    for (name, bytes) in contents where name != "below/noise" && fresh.tree[name] != nil {
      #expect(bytes == fresh.tree[name], "\(what): wrong bytes in \(name)")
    }
    if let noise = contents["below/noise"] {
      #expect(noise == fresh.tree["below/noise"] || noise == fresh.olderNoise, "\(what): wrong bytes in below/noise")
    }
    if outcome.status <= 1 {
      #expect(Set(contents.keys) == Set(fresh.tree.keys), "\(what): something is missing without a word")
    } else {
      #expect(!outcome.errors.isEmpty, "\(what): no message")
    }
  }

  private func checkWhole(_ fresh: FreshRepository) throws {
    let target = TemporaryFolder()
    let outcome = try Rescue.run(
      ["restore", "--component", "tree", "--to", target.path("out")], store: fresh.store, key: fresh.restorer)
    #expect(outcome.status == 0, "\(outcome.errors)")
    #expect(try Rescue.contents(of: target.path("out")) == fresh.tree)
  }
}
