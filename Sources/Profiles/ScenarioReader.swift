/// Reads the `scenario` of a drill.
struct ScenarioReader {
  /// Words of all faults, as they stand in drill files.
  private static let words = [
    "throttling", "slow-store", "resets", "stalls", "expired-credentials", "corrupt-pack", "missing-pack", "cold-cache",
    "target-killed", "target-full", "store-lost", "bare-host", "cold-tool", "bad-snapshots",
  ]

  static func read(_ field: Field) -> Scenario? {
    guard let section = field.section("{seed: 7, faults: […]}") else { return nil }
    let seed = section.field("seed", assumed: "1").map { $0.integer(0...Int(Int32.max)) } ?? 1
    let list = section.required("faults", "a list of faults")
    section.end()
    guard let seed, let list, let items = list.items("a list of faults") else { return nil }
    var faults: [DrillFault] = []
    for item in items {
      guard let fault = one(item) else { continue }
      if faults.contains(where: { $0.kind == fault.kind }) {
        item.problem("a second \(fault.kind): one of each kind is enough")
      }
      faults.append(fault)
    }
    if faults.count == items.count, faults.count > 1, let kit = faults.first(where: \.isKit) {
      list.problem("\(kit.kind) runs the commands of the rescue kit, to which no other fault can be done")
    }
    return faults.count == items.count ? Scenario(seed: UInt64(seed), faults: faults) : nil
  }

  /// What the rest of the drill must have for the scenario to happen at all.
  static func check(_ scenario: Scenario, _ field: Field, _ target: DrillTarget) {
    for fault in scenario.faults {
      switch (fault, target.place) {
      case (.targetKilled, .scratchFolder), (.targetKilled, .server):
        field.problem("target-killed needs a server that may be killed: target.kind: scratch-server")
      case (.targetFull, .server):
        field.problem("target-full needs a target of the drill's own: target.kind: scratch-server or scratch-directory")
      default: break
      }
    }
  }

  // MARK: - One fault

  private static func one(_ item: Field) -> DrillFault? {
    if case .scalar = item.node.content, !item.node.isNothing {
      return item.choice(words.map { ($0, $0) }).flatMap { kind($0, nil) }
    }
    guard let section = item.section("a fault such as throttling, or throttling: {share: 30%}") else { return nil }
    guard let word = section.names.first(where: words.contains), section.names.count == 1 else {
      for name in words { _ = section.field(name) }
      section.end()
      if section.names.allSatisfy(words.contains) { section.problem("exactly one fault is expected") }
      return nil
    }
    guard let settings = section.field(word)?.section("the settings of \(word)") else { return nil }
    let found = kind(word, settings)
    settings.end()
    return found
  }

  /// A fault with its settings, or with what counts without any.
  private static func kind(_ word: String, _ settings: Section?) -> DrillFault? {
    switch word {
    case "throttling": share(settings, "share", 0.3).map { .throttling(share: $0) }
    case "slow-store": slowStore(settings)
    case "resets": share(settings, "share", 0.1).map { .resets(share: $0) }
    case "stalls": stalls(settings)
    case "expired-credentials": share(settings, "after", 0.5).map { .expiredCredentials(after: $0) }
    case "corrupt-pack": .corruptPack
    case "missing-pack": .missingPack
    case "cold-cache": .coldCache
    case "target-killed": share(settings, "after", 0.5).map { .targetKilled(after: $0) }
    case "target-full": share(settings, "after", 0.8).map { .targetFull(after: $0) }
    case "store-lost": .storeLost
    case "bare-host": bareHost(settings)
    case "cold-tool": .coldTool
    case "bad-snapshots":
      (settings?.field("count").map { $0.integer(1...1000) } ?? 1).map { .badSnapshots(count: $0) }
    default: nil
    }
  }

  private static func share(_ settings: Section?, _ name: String, _ assumed: Double) -> Double? {
    guard let field = settings?.field(name) else { return assumed }
    return field.value("a percentage from 1 % to 99 %", shown: { DrillFault.percent($0) }) { text in
      var number = text
      guard number.popLast() == "%" else { return nil }
      if number.last == " " { number.removeLast() }
      guard !number.isEmpty, number.utf8.allSatisfy({ (0x30...0x39).contains($0) || $0 == 0x2e }),
        let percent = Double(number), (1...99).contains(percent)
      else { return nil }
      return (percent * 10).rounded() / 1_000
    }
  }

  private static func slowStore(_ settings: Section?) -> DrillFault? {
    let bandwidth = settings?.field("bandwidth")
    let latency = settings?.field("latency").map { $0.milliseconds() } ?? (bandwidth == nil ? 50 : 0)
    let rate = bandwidth.map { $0.byteCount() }
    guard let latency else { return nil }
    guard let rate else { return .slowStore(latency: latency, bandwidth: nil) }
    guard let rate else { return nil }
    guard rate.count > 0 else {
      bandwidth?.problem("a bandwidth of nothing is a store that is lost: store-lost")
      return nil
    }
    return .slowStore(latency: latency, bandwidth: rate)
  }

  private static func stalls(_ settings: Section?) -> DrillFault? {
    let count = settings?.field("count").map { $0.integer(1...1000) } ?? 3
    let span = settings?.field("for").map { $0.seconds() } ?? Seconds(5)
    guard let count, let span else { return nil }
    return .stalls(count: count, span)
  }

  private static func bareHost(_ settings: Section?) -> DrillFault? {
    guard let field = settings?.field("root") else { return .bareHost(root: nil) }
    return field.path().map { .bareHost(root: $0) }
  }
}

extension Field {
  /// A short span in milliseconds: `50ms`, `2s`.
  fileprivate func milliseconds() -> UInt64? {
    value("a span of time such as 50ms or 2s, of at most a minute", shown: { "\($0)ms" }) { text in
      let isMilli = text.hasSuffix("ms")
      guard isMilli || text.hasSuffix("s") else { return nil }
      let digits = text.dropLast(isMilli ? 2 : 1)
      guard !digits.isEmpty, digits.count < 7, digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
        let number = UInt64(digits)
      else { return nil }
      let milliseconds = isMilli ? number : number * 1_000
      return (1...60_000).contains(milliseconds) ? milliseconds : nil
    }
  }
}
