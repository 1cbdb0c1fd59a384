import StoreS3
import Testing

@Suite("What the findings of a store check mean")
struct StoreVerdictTests {
  /// A store without fault, with the rights of its owner.
  private func sound(_ change: (inout StoreFacts) -> Void = { _ in }) -> [StoreVerdict] {
    var report = StoreCheckReport(store: "s3://b", endpoint: "https://x", region: "r")
    var facts = StoreFacts()
    facts.skew = 0
    (facts.readsAfterPut, facts.listsAfterPut, facts.listsEverything, facts.readsRanges) = (true, true, true, true)
    (facts.checksDigest, facts.checksMD5, facts.refusesReplacing, facts.raceWinners) = (true, true, true, 1)
    (facts.keepsVersions, facts.locks, facts.complianceHolds) = (true, true, true)
    (facts.mayPut, facts.mayGet, facts.mayList, facts.mayOverwrite) = (true, true, true, true)
    (facts.mayDelete, facts.mayDeleteVersions, facts.mayShorten, facts.mayBypass) = (true, true, false, true)
    change(&facts)
    report.facts = facts
    return report.verdicts
  }

  /// The credentials of a writer as its policy confines them.
  private func writer(_ change: (inout StoreFacts) -> Void = { _ in }) -> [StoreVerdict] {
    sound { facts in
      (facts.mayGet, facts.readsAfterPut, facts.readsRanges) = (false, nil, nil)
      (facts.mayDelete, facts.mayDeleteVersions, facts.mayBypass) = (false, false, false)
      change(&facts)
    }
  }

  private func texts(_ verdicts: [StoreVerdict], _ weight: StoreVerdict.Weight) -> String {
    verdicts.filter { $0.weight == weight }.map(\.text).joined(separator: " ")
  }

  @Test("the owner of a sound bucket: everything works, and it can destroy")
  func owner() {
    let verdicts = sound()
    #expect(texts(verdicts, .unfit).isEmpty)
    #expect(texts(verdicts, .warning).isEmpty)
    #expect(texts(verdicts, .good).contains("backups, restores, checks and pruning"))
    #expect(texts(verdicts, .note).contains("can destroy"))
  }

  @Test("a confined writer: it can write and list, and destroy nothing")
  func confined() {
    let verdicts = writer()
    #expect(texts(verdicts, .warning).isEmpty)
    #expect(texts(verdicts, .good).contains("cannot destroy"))
    #expect(texts(verdicts, .good).contains("not read back"))
  }

  @Test("without versions, whoever may overwrite or delete can destroy", arguments: [true, false])
  func unversioned(mayDelete: Bool) {
    let verdicts = writer { facts in
      (facts.keepsVersions, facts.mayDeleteVersions, facts.mayDelete) = (false, nil, mayDelete)
    }
    #expect(texts(verdicts, .warning).contains("can destroy what is here"))
    #expect(texts(verdicts, .warning).contains("or deleted") == mayDelete)
    let harmless = writer { facts in
      (facts.keepsVersions, facts.mayDeleteVersions, facts.mayOverwrite) = (false, nil, false)
    }
    #expect(texts(harmless, .good).contains("neither overwrite nor delete"))
  }

  @Test("a right that was not found out is never said to be missing")
  func unknown() {
    let verdicts = writer { facts in (facts.mayDeleteVersions, facts.mayDelete) = (nil, nil) }
    #expect(!texts(verdicts, .good).contains("cannot destroy"))
    #expect(texts(verdicts, .note).contains("not found out"))
    #expect(StoreCheckReport(store: "s", endpoint: "e", region: "r").verdicts.allSatisfy { $0.weight != .good })
  }

  @Test("each thing that lifeboat relies on makes a store unfit")
  func unfit() {
    let faults: [(inout StoreFacts) -> Void] = [
      { $0.readsAfterPut = false }, { $0.listsAfterPut = false }, { $0.listsEverything = false },
      { $0.readsRanges = false },
    ]
    for fault in faults { #expect(texts(sound(fault), .unfit).contains("cannot rely")) }
  }

  @Test("each protection that is missing is warned of")
  func warnings() {
    #expect(texts(sound { $0.checksDigest = false }, .warning).contains("--read-data"))
    #expect(texts(sound { $0.raceWinners = 3 }, .warning).contains("3 were told"))
    #expect(texts(sound { $0.raceWinners = 0 }, .warning).contains("0 were told"))
    #expect(
      texts(sound { ($0.refusesReplacing, $0.keepsVersions) = (false, false) }, .warning).contains("replaces objects"))
    #expect(texts(sound { $0.refusesReplacing = false }, .note).contains("older version"))
    #expect(texts(sound { $0.complianceHolds = false }, .warning).contains("does not hold"))
    #expect(texts(sound { $0.skew = -3_600_000_000_000 }, .warning).contains("3600 s apart"))
    #expect(texts(sound { $0.isExposed = true }, .warning).contains("unencrypted"))
    #expect(texts(sound { $0.mayList = false }, .warning).contains("may not list"))
    #expect(texts(sound { ($0.mayPut, $0.mayList) = (false, false) }, .warning).contains("--writer"))
  }

  @Test("who may not read, but has a way around it, is warned of")
  func detours() {
    #expect(texts(writer { $0.mayGetVersions = true }, .warning).contains("GetObjectVersion"))
    #expect(texts(writer { $0.mayChangeAccess = true }, .warning).contains("PutObjectAcl"))
    #expect(texts(sound { ($0.mayGetVersions, $0.mayChangeAccess) = (true, true) }, .warning).isEmpty)
  }

  @Test("locks: held, bypassed, by default")
  func locks() {
    #expect(texts(writer { $0.mayBypass = true }, .note).contains("governance"))
    #expect(texts(sound { $0.mayBypass = false }, .note).contains("not locked"))
    let byDefault = sound { facts in
      (facts.defaultLock, facts.mayDeleteVersions, facts.mayBypass) = (.governance, nil, false)
    }
    #expect(texts(byDefault, .good).contains("no way around"))
    let forAll = sound { facts in (facts.defaultLock, facts.mayDeleteVersions) = (.compliance, nil) }
    #expect(texts(forAll, .good).contains("nobody can destroy"))
    #expect(texts(sound { $0.locks = false }, .note).contains("cannot be locked"))
  }

  @Test("what could not be removed is named with its folder")
  func leftovers() {
    var report = StoreCheckReport(store: "s", endpoint: "e", region: "r")
    (report.left, report.folder) = (5, "canary/x/")
    #expect(texts(report.verdicts, .note).contains("5 objects"))
    #expect(texts(report.verdicts, .note).contains("canary/x/"))
  }
}
