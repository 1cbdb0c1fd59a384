import Bytes
import TestKit
import Testing

@Suite("Statistics, estimates and plans of drills on the command line")
struct DrillStatisticsTests {
  /// A repository with one component that has a drill under `drills/`.
  private func scene(expecting count: Int = 3, rto: String = "15m", more: String = "") throws -> Scene {
    let scene = try Scene()
    try backUp(scene, rows: 3)
    let drill = """
      drill: shop-lost
      component: shop
      repository: \(scene.repository)
      keys: {restorer: \(scene.key("restorer"))}
      checks:
        - integrity
        - sql: {name: items, query: "select count(*) >= \(count) from item", expect: "1"}
      objectives: {rto: \(rto)}
      \(more)
      """
    try DurableFile.createFolder(scene.folder.path("drills"))
    try Files.write(scene.folder.path("drills/shop-lost.yaml"), Array(drill.utf8))
    return scene
  }

  private func backUp(_ scene: Scene, rows: Int) throws {
    let database = scene.folder.path("shop.db")
    let script = """
      create table if not exists item(id integer primary key, note text); delete from item;
      with recursive n(i) as (select 1 union all select i + 1 from n where i < \(rows))
        insert into item select i, hex(randomblob(50)) from n;
      """
    #expect(try Program.run(["sqlite3", database, script]).status == 0)
    #expect(try scene.run("writer", ["backup", "--component", "shop", "--sqlite", database]).status == 0)
  }

  private func drill(_ scene: Scene, times: Int = 1) throws {
    for _ in 0..<times { #expect(try scene.run(["drill", "shop-lost", "-q"]).status == 0) }
  }

  // MARK: - Estimate

  @Test("an estimate says its interval, on how many records it rests, and every phase")
  func estimate() throws {
    let scene = try scene()
    try drill(scene, times: 3)
    let text = try scene.run("keeper", ["drill", "estimate", "shop"])
    #expect(text.status == 0, "\(text.errors)")
    for part in [
      "shop: TTR ", "in four of five recoveries", "calm, from 3 proven recoveries", "last byte", "RTO 15m: safe",
    ] {
      #expect(text.text.contains(part), "\(text.text)")
    }
    #expect(text.text.contains("assumed: all records have one size"))
    let json = try Object.lines(try scene.run("keeper", ["drill", "estimate", "--json"]).text)
    let object = try #require(json.first)
    #expect(json.count == 1 && object["type"] == "estimate" && object["records"] == "3" && object["outlook"] == "safe")
    func number(_ name: String) -> Int { object[name].flatMap { Int($0) } ?? -1 }
    #expect(0 <= number("low") && number("low") <= number("timeToRecover"))
    #expect(number("timeToRecover") <= number("high") && number("bytes") > 0)
  }

  @Test("a larger size takes longer, and is said to be far; one without a component is refused")
  func size() throws {
    let scene = try scene()
    try drill(scene)
    func time(_ arguments: [String]) throws -> Int {
      let run = try scene.run("keeper", ["drill", "estimate", "shop", "--json"] + arguments)
      return try Object.lines(run.text).first?["timeToRecover"].flatMap { Int($0) } ?? -1
    }
    let small = try time([])
    #expect(try small > 0 && time(["--size", "1GB"]) > small)
    #expect(try time(["--size", "2000000000"]) == time(["--size", "2 GB"]))
    for arguments in [["--size", "1GB"], ["shop", "--size", "big"], ["shop", "--scenario", "thunder"]] {
      #expect(try scene.run("keeper", ["drill", "estimate"] + arguments).status == 2, "\(arguments)")
    }
  }

  @Test("an objective that is near or over ends with 1 and a warning")
  func near() throws {
    let scene = try scene(rto: "0s")
    #expect(try scene.run(["drill", "shop-lost", "-q"]).status == 1)
    let over = try scene.run("keeper", ["drill", "estimate", "shop"])
    #expect(over.status == 1 && over.errors.contains("over the RTO of 0s"), "\(over.errors)")
    let far = try scene.run("keeper", ["drill", "estimate", "shop", "--size", "18000000000000000000", "--json"])
    #expect(try Object.lines(far.text).first { $0["type"] == "estimate" }?["outlook"] == "over")
  }

  @Test("without a proven drill there is nothing to estimate from: 1, and what to do")
  func nothing() throws {
    let scene = try scene()
    let none = try scene.run("keeper", ["drill", "estimate", "shop"])
    #expect(none.status == 1 && none.text == "" && none.errors.contains("run a drill"), "\(none.errors)")
    try drill(scene)
    let storm = try scene.run("keeper", ["drill", "estimate", "shop", "--scenario", "throttling"])
    #expect(storm.status == 1 && storm.errors.contains("a calm one would take"), "\(storm.errors)")
    let unknown = try scene.run("keeper", ["drill", "estimate", "orders"])
    #expect(unknown.status == 1 && unknown.errors.contains("no complete snapshot"))
    let json = try Object.lines(try scene.run("keeper", ["drill", "estimate", "orders", "--json"]).text)
    #expect(json.first?["timeToRecover"] == "null" && json.first?["bytes"] == "null")
  }

  // MARK: - Plan

  @Test("what was never proven is overdue with 1 and the drill to run; once proven the plan ends with 0")
  func plan() throws {
    let scene = try scene()
    let before = try scene.run("keeper", ["drill", "plan"])
    #expect(before.status == 1, "\(before.errors)")
    let first = before.text.split(separator: "\n").dropFirst().first.map(String.init) ?? ""
    #expect(first.hasPrefix("overdue") && first.contains("calm") && first.contains("never"))
    #expect(first.hasSuffix("lifeboat drill drills/shop-lost.yaml"), "\(before.text)")
    #expect(before.text.contains("write a drill with scenario: {faults: [throttling]}"))
    try drill(scene)
    let after = try scene.run("keeper", ["drill", "plan", "shop"])
    #expect(after.status == 0, "\(after.text)\(after.errors)")
    #expect(after.text.contains("ago") && after.text.contains("0 overdue"))
    let lines = try Object.lines(try scene.run("keeper", ["drill", "plan", "--json"]).text)
    let calm = try #require(lines.first { $0["scenario"] == "calm" })
    #expect(calm["type"] == "proof" && calm["state"] == "proven" && calm["from"] == "primary" && calm["next"] == "null")
    #expect(lines.last?["type"] == "plan" && lines.last?["overdue"] == "0" && lines.last?["proven"] == "1")
  }

  @Test("a drill file that cannot be read is named, and a component that has no snapshot was never recovered")
  func brokenFile() throws {
    let scene = try scene()
    try drill(scene)
    try Files.write(scene.folder.path("drills/broken.yaml"), Array("drill: 7\n".utf8))
    let plan = try scene.run("keeper", ["drill", "plan"])
    #expect(plan.status == 1 && plan.errors.contains("broken.yaml"), "\(plan.errors)")
    let other = try scene.run("keeper", ["drill", "plan", "orders"])
    #expect(other.status == 1 && other.text.contains("write drills/orders.yaml"))
  }

  @Test("a copy asks for a recovery from it")
  func copies() throws {
    let scene = try scene()
    try drill(scene)
    let plan = try scene.run("keeper", ["drill", "plan", "shop", "--copy", scene.folder.path("copy"), "--json"])
    let first = try #require(try Object.lines(plan.text).first { $0["type"] == "proof" })
    #expect(first["from"] == "copy 1" && first["scenario"] == "store-lost" && first["state"] == "overdue")
    #expect(plan.status == 1)
  }

  // MARK: - History

  @Test("the history has statistics below its table, and shows one scenario alone")
  func history() throws {
    let scene = try scene()
    try drill(scene, times: 2)
    let few = try scene.run("keeper", ["drill", "history"])
    #expect(few.text.contains("SCENARIO") && few.text.contains("90 % INTERVAL") && !few.text.contains("MTTR"))
    try drill(scene)
    let history = try scene.run("keeper", ["drill", "history", "--scenario", "calm"])
    #expect(history.text.contains("MTTR") && history.text.contains("3 of 3"), "\(history.text)")
    let lines = try Object.lines(try scene.run("keeper", ["drill", "history", "--json"]).text)
    #expect(lines.map { $0["type"] } == ["record", "record", "record", "statistics", "component"])
    #expect(lines[0]["scenarioKey"] == "calm" && lines[0].names.contains("predicted"))
    #expect(lines[3]["all"]?.contains("meanHigh") == true && lines[3]["scenario"] == "calm")
    let storm = try scene.run("keeper", ["drill", "history", "--scenario", "resets"])
    #expect(storm.status == 0 && storm.text == "No drill of this scenario has been recorded yet.\n")
    #expect(try scene.run("keeper", ["drill", "history", "--scenario", "thunder"]).status == 2)
  }
}
