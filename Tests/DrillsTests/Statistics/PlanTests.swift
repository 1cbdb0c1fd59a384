import Bytes
import Cryptography
import Drills
import Format
import Profiles
import TestKit
import Testing

@Suite("The plan of drills")
struct PlanTests {
  private let now = Recoveries.start + 100 * Recoveries.day

  private func plan(
    _ records: [Record], drills: [PlannedDrill] = [], copies: Int = 0, components: [String] = ["shop"]
  ) -> DrillPlan {
    let lines = records.enumerated().map { number, record in
      DrillHistory.Line(
        name: Name(hex: String(repeating: "0", count: 60) + "\(1_000 + number)") ?? .zero, record: record,
        signer: PublicKey(.zero), isHead: false)
    }
    return DrillPlan(components: components, copies: { _ in copies }, records: lines, drills: drills, now: now)
  }

  private func drill(_ name: String, _ kinds: [String] = [], _ schedule: String? = nil, of component: String = "shop")
    -> PlannedDrill
  {
    PlannedDrill(
      name: name, file: "drills/\(name).yaml", component: component, scenario: ScenarioKey(kinds),
      schedule: schedule.flatMap { Schedule($0) })
  }

  private func proven(
    _ daysAgo: UInt64, _ kinds: [String] = [], from origin: String? = nil, of component: String = "shop"
  )
    -> Record
  {
    Recoveries.taking(
      1, component: component, at: now - daysAgo * Recoveries.day, kinds: kinds, origin: origin)
  }

  private func line(_ plan: DrillPlan, _ scenario: String, from origin: String = "primary") throws -> DrillPlanLine {
    try #require(plan.lines.first { $0.cell.scenario == scenario && $0.cell.origin == origin })
  }

  @Test("a component that was never recovered has its calm recovery overdue, and every kind of fault open")
  func fresh() throws {
    let plan = plan([])
    #expect(plan.isOverdue && plan.lines.first?.cell.scenario == "calm" && plan.lines.first?.state == .overdue)
    #expect(plan.lines.dropFirst().allSatisfy { $0.state == .open && $0.drill == nil && $0.lastProven == nil })
    #expect(plan.lines.count == FaultKind.allCases.count)
    #expect(plan.lines[1].cell.kind == .bareHost)
  }

  @Test("a proof counts for thirty days where no drill has a schedule")
  func standardAge() throws {
    #expect(!plan([proven(29)]).isOverdue && plan([proven(31)]).isOverdue)
    #expect(try line(plan([proven(31), proven(3)]), "calm").state == .proven)
    #expect(try line(plan([proven(40, ["resets"]), proven(1)]), "resets").state == .overdue)
  }

  @Test("a proof counts for the period of the drill's schedule, and a tenth more")
  func schedules() throws {
    let weekly = drill("shop-lost", [], "weekly")
    #expect(try line(plan([proven(7)], drills: [weekly]), "calm").state == .proven)
    #expect(try line(plan([proven(8)], drills: [weekly]), "calm").state == .overdue)
    #expect(try line(plan([proven(33)], drills: [drill("a", [], "monthly")]), "calm").state == .proven)
    let periods = [
      ("hourly", 1), ("daily", 24), ("03:15", 24), ("weekly", 168), ("Mon 03:15", 168), ("Mon..Fri 03:15", 72),
      ("Tue,Sat 22:00", 96), ("monthly", 744), ("Mon..Sun 01:00", 24),
    ]
    for (text, hours) in periods { #expect(Schedule(text)?.period == Int64(hours) * 3_600, "\(text)") }
  }

  @Test("only proven records prove, each kind of a scenario with several, and no scenario proves a calm recovery")
  func proofs() throws {
    let failed = Recoveries.taking(1, verdict: .failed, at: now)
    #expect(try line(plan([failed]), "calm").lastProven == nil)
    let both = plan([proven(1, ["resets", "stalls"])])
    #expect(try line(both, "resets").state == .proven && line(both, "stalls").state == .proven)
    #expect(try line(both, "calm").state == .overdue && line(both, "throttling").state == .open)
    let real = Recoveries.taking(1, sort: .recovery, at: now - 1)
    #expect(try line(plan([real]), "calm").state == .proven)
    #expect(try line(plan([proven(1, of: "orders")]), "calm").state == .overdue)
  }

  @Test("copies are asked for, the loss of the primary first; what came from the primary proves nothing of them")
  func copies() throws {
    let alone = plan([proven(1)], copies: 2)
    #expect(alone.lines.prefix(2).map(\.cell.origin) == ["copy 1", "copy 2"])
    #expect(alone.lines.prefix(2).allSatisfy { $0.cell.kind == .storeLost && $0.state == .overdue })
    #expect(!alone.lines.contains { $0.cell.copy == nil && $0.cell.kind == .storeLost })
    let lost = plan([proven(1), proven(2, ["store-lost"], from: "copy 1")], copies: 1)
    #expect(!lost.isOverdue)
    #expect(try line(plan([proven(2, from: "copy 1")], copies: 1), "store-lost", from: "copy 1").state == .proven)
    #expect(try line(plan([proven(2, from: "copy 1")], copies: 1), "calm").state == .overdue)
  }

  @Test("names the drill that proves a line, the one with the fewest other faults first")
  func files() throws {
    let drills = [
      drill("storm", ["resets", "throttling"]), drill("resets", ["resets"]), drill("calm"),
      drill("gone", ["store-lost"]),
      drill("other", ["stalls"], of: "orders"),
    ]
    let plan = plan([], drills: drills, copies: 1)
    #expect(try line(plan, "resets").drill?.name == "resets" && line(plan, "throttling").drill?.name == "storm")
    #expect(try line(plan, "calm").drill?.name == "calm" && line(plan, "stalls").drill == nil)
    #expect(try line(plan, "store-lost", from: "copy 1").drill?.name == "gone")
    // What a file declares is asked for.
    #expect(try line(plan, "throttling").state == .overdue && line(plan, "stalls").state == .open)
  }

  @Test("what matters most comes first: never calm, never the loss, then the oldest; what is proven comes last")
  func order() {
    let records = [
      proven(1, of: "orders"), proven(60, ["resets"], of: "orders"), proven(50, ["stalls"], of: "orders"),
      proven(2, ["cold-cache"], of: "orders"),
    ]
    let lines = plan(records, copies: 1, components: ["orders", "shop"]).lines
    let texts = lines.map { "\($0.component) \($0.cell.origin) \($0.cell.scenario)" }
    #expect(
      texts.prefix(5) == [
        "shop primary calm", "orders copy 1 store-lost", "shop copy 1 store-lost", "orders primary resets",
        "orders primary stalls",
      ])
    #expect(texts.suffix(2) == ["orders primary cold-cache", "orders primary calm"])
    let states = lines.map(\.state)
    #expect(states == states.sorted { rank($0) < rank($1) })
  }

  private func rank(_ state: DrillPlanLine.State) -> Int {
    switch state {
    case .overdue: 0
    case .open: 1
    case .proven: 2
    }
  }

  @Test("every kind of fault that a drill file can declare has a place in the plan")
  func kinds() {
    let faults: [DrillFault] = [
      .throttling(share: 0), .slowStore(latency: 0, bandwidth: nil), .resets(share: 0), .stalls(count: 1, Seconds(1)),
      .expiredCredentials(after: 0), .corruptPack, .missingPack, .coldCache, .targetKilled(after: 0),
      .targetFull(after: 0), .storeLost, .bareHost(root: nil), .coldTool, .badSnapshots(count: 1),
    ]
    for fault in faults { #expect(FaultKind(fault).rawValue == fault.kind && FaultKind(word: fault.kind) != nil) }
    #expect(Set(faults.map(\.kind)) == Set(FaultKind.allCases.map(\.rawValue)))
  }

  @Test("finds drill files by name, and says which of them cannot be read")
  func find() throws {
    let folder = TemporaryFolder()
    let good = "drill: shop-lost\ncomponent: shop\nrepository: /srv/backup\nchecks: [integrity]\n"
    try Files.write(folder.path("good.yaml"), Array(good.utf8))
    try Files.write(folder.path("bad.yaml"), Array("drill: 1\n".utf8))
    try Files.write(folder.path("notes.txt"), Array("x".utf8))
    let (drills, problems) = PlannedDrill.find(in: [folder.path("nowhere"), folder.path(".")])
    #expect(drills.map(\.name) == ["shop-lost"] && drills.first?.scenario == .calm)
    #expect(problems.count == 1)
  }
}
