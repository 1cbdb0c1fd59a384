/// One thing that a check of a store means for lifeboat.
package struct StoreVerdict: Sendable, Equatable {
  package enum Weight: String, Sendable {
    /// As it should be.
    case good
    /// Worth knowing.
    case note
    /// Lifeboat works, and something that should protect the data is missing.
    case warning
    /// Lifeboat cannot rely on this store.
    case unfit
  }

  package var weight: Weight
  /// Whole sentences.
  package var text: String

  /// Everything that follows from a report, the most important first.
  package static func all(of report: StoreCheckReport) -> [StoreVerdict] {
    let facts = report.facts
    return fitness(facts) + destruction(facts) + writeOnce(facts) + integrity(facts) + locks(facts)
      + surroundings(facts) + leftovers(report)
  }

  private init(_ weight: Weight, _ text: String) {
    self.weight = weight
    self.text = text
  }

  // MARK: - What can be done

  private static func fitness(_ facts: StoreFacts) -> [StoreVerdict] {
    var verdicts: [StoreVerdict] = []
    let faults = [
      (facts.readsAfterPut, "what was put is not what is read"), (facts.listsAfterPut, "what was put is not listed"),
      (facts.listsEverything, "long listings leave objects out or show them twice"),
      (facts.readsRanges, "parts of objects are not read right"),
    ].filter { $0.0 == false }.map(\.1)
    if !faults.isEmpty {
      verdicts.append(StoreVerdict(.unfit, "Lifeboat cannot rely on this store: \(faults.joined(separator: "; "))."))
    }
    return verdicts + [roles(facts)] + detours(facts)
  }

  private static func roles(_ facts: StoreFacts) -> StoreVerdict {
    switch (facts.mayPut, facts.mayList, facts.mayGet) {
    case (true, true, true):
      let pruning = facts.mayDelete == true ? "backups, restores, checks and pruning" : "backups, restores and checks"
      return StoreVerdict(.good, "These credentials suffice for \(pruning).")
    case (true, true, _):
      return StoreVerdict(
        .good, "These credentials may write and list here, but not read back: what a writer should have for its packs.")
    case (true, _, _):
      return StoreVerdict(
        .warning, "These credentials may not list here: a backup must list its own folders (lifeboat key policy).")
    case (_, true, true), (_, true, nil):
      return StoreVerdict(
        .note,
        "These credentials may not put here: they are for restores and checks at most. Those of a writer may put "
          + "below its own folder only: name it with --writer.")
    default:
      return StoreVerdict(
        .warning,
        "These credentials may neither put nor list here. Those of a writer may below its own folder only: "
          + "name it with --writer.")
    }
  }

  /// Ways to read that are left open to who may not read.
  private static func detours(_ facts: StoreFacts) -> [StoreVerdict] {
    guard facts.mayPut == true, facts.mayGet == false else { return [] }
    var verdicts: [StoreVerdict] = []
    if facts.mayGetVersions == true {
      verdicts.append(
        StoreVerdict(
          .warning,
          "These credentials may not read objects, but may read them all the same by the names of versions: deny "
            + "s3:GetObjectVersion, too (lifeboat key policy)."))
    }
    if facts.mayChangeAccess == true {
      verdicts.append(
        StoreVerdict(
          .warning,
          "These credentials may not read objects, but may say who may: deny s3:PutObjectAcl, too (lifeboat key "
            + "policy)."))
    }
    return verdicts
  }

  // MARK: - What can be lost

  private static func destruction(_ facts: StoreFacts) -> [StoreVerdict] {
    guard facts.mayPut == true else { return [] }
    if facts.defaultLock == .compliance, facts.complianceHolds != false {
      return [
        StoreVerdict(.good, "What is put here is locked in compliance mode: nobody can destroy it before its time.")
      ]
    }
    let isProtected = facts.locks == true && facts.mayBypass != true && facts.mayShorten != true
    let keeps = facts.keepsVersions == true
    if !keeps, facts.mayOverwrite == true || facts.mayDelete == true {
      return [
        StoreVerdict(
          .warning,
          "Whoever has these credentials can destroy what is here: the bucket keeps no versions, so what is overwritten"
            + "\(facts.mayDelete == true ? " or deleted" : "") is gone. Switch versioning on, and give writers the rights "
            + "that lifeboat key policy prints.")
      ]
    }
    if keeps, facts.mayDeleteVersions == true {
      let words = isProtected ? "can destroy what is not locked" : "can destroy what is here"
      return [
        StoreVerdict(
          .note,
          "Whoever has these credentials \(words): they may delete versions. Good for an administrator, not for the host "
            + "that writes backups: lifeboat key policy prints what that needs.")
      ]
    }
    if facts.mayBypass == true || facts.mayShorten == true {
      return [StoreVerdict(.note, "Whoever has these credentials can end governance locks early.")]
    }
    if facts.defaultLock != nil {
      return [StoreVerdict(.good, "What is put here is locked, and these credentials found no way around it.")]
    }
    return [kept(facts, keeps)]
  }

  private static func kept(_ facts: StoreFacts, _ keeps: Bool) -> StoreVerdict {
    if keeps, facts.mayDeleteVersions == false {
      let hiding =
        facts.mayDelete == true || facts.mayOverwrite == true
        ? " It can hide objects behind newer versions; restores find the older ones, if their credentials may."
        : ""
      return StoreVerdict(
        .good,
        "Whoever has these credentials cannot destroy what is here: old versions stay, and they may not delete them."
          + hiding)
    }
    if facts.mayOverwrite == false, facts.mayDelete == false {
      return StoreVerdict(.good, "These credentials can neither overwrite nor delete what is here.")
    }
    return StoreVerdict(.note, "Whether these credentials can destroy what is here was not found out.")
  }

  // MARK: - What the store does

  private static func writeOnce(_ facts: StoreFacts) -> [StoreVerdict] {
    switch (facts.refusesReplacing, facts.raceWinners) {
    case (true, 1?), (true, nil): [StoreVerdict(.good, "The store replaces nothing when asked not to.")]
    case (true, let winners?):
      [
        StoreVerdict(
          .warning,
          "Of eight that put one path at once \(winners) were told that they had: only versions or locks keep "
            + "one host from replacing what another puts at the same moment.")
      ]
    case (false, _) where facts.keepsVersions == true:
      [
        StoreVerdict(
          .note,
          "The store replaces objects although it is asked not to. Lifeboat looks before it puts, and what is "
            + "replaced stays as an older version.")
      ]
    case (false, _):
      [
        StoreVerdict(
          .warning,
          "The store replaces objects although it is asked not to. Lifeboat looks before it puts; only versions "
            + "or locks protect from others.")
      ]
    case (nil, _): []
    }
  }

  private static func integrity(_ facts: StoreFacts) -> [StoreVerdict] {
    switch facts.checksDigest {
    case true: [StoreVerdict(.good, "Bytes that change on the way are refused.")]
    case false:
      [
        StoreVerdict(
          .warning,
          "The store keeps bytes that do not match their digest: what changes on the way is found only when it is "
            + "read. Run lifeboat check --read-data after backups.")
      ]
    default: []
    }
  }

  private static func locks(_ facts: StoreFacts) -> [StoreVerdict] {
    if facts.complianceHolds == false {
      return [StoreVerdict(.warning, "A compliance lock does not hold here: do not count on locks.")]
    }
    switch facts.locks {
    case true: return [StoreVerdict(.good, "Objects can be locked: set lock in the profile's store to have it done.")]
    case false: return [StoreVerdict(.note, "Objects cannot be locked in this bucket.")]
    default: return []
    }
  }

  private static func surroundings(_ facts: StoreFacts) -> [StoreVerdict] {
    var verdicts: [StoreVerdict] = []
    if let skew = facts.skew, abs(skew) > 61_000_000_000 {
      verdicts.append(
        StoreVerdict(
          .warning,
          "The clocks of this host and of the store are \(abs(skew) / 1_000_000_000) s apart. Lifeboat gets "
            + "along with it; set the clock all the same."))
    }
    if facts.isExposed {
      verdicts.append(
        StoreVerdict(
          .warning,
          "Requests go unencrypted over a network: who listens sees names and sizes, and what temporary "
            + "credentials consist of. Use an https endpoint."))
    }
    return verdicts
  }

  private static func leftovers(_ report: StoreCheckReport) -> [StoreVerdict] {
    guard report.left > 0 else { return [] }
    return [
      StoreVerdict(
        .note,
        "\(report.left) \(report.left == 1 ? "object" : "objects") of this check could not be removed and stay "
          + "under \(report.folder): remove them with credentials that may.")
    ]
  }
}
