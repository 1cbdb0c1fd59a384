import Bytes
import TestKit
import Testing

@Suite("Drills on the command line")
struct DrillCommandTests {
  private func scene(expecting count: Int, objectives: String = "{rto: 15m, rpo: 24h}") throws -> Scene {
    let scene = try Scene()
    let database = scene.folder.path("shop.db")
    let script = "create table item(id integer primary key); insert into item values (1),(2),(3);"
    #expect(try Program.run(["sqlite3", database, script]).status == 0)
    #expect(try scene.run("writer", ["backup", "--component", "shop", "--sqlite", database]).status == 0)
    let drill = """
      drill: shop-lost
      component: shop
      repository: \(scene.repository)
      keys: {restorer: \(scene.key("restorer"))}
      checks:
        - integrity
        - manifest
        - sql: {name: items, query: "select count(*) from item", expect: "\(count)"}
      objectives: \(objectives)
      """
    try Files.write(scene.folder.path("drill.yaml"), Array(drill.utf8))
    return scene
  }

  @Test("a proven drill ends with 0, and prints phases that add up, the checks, TTR against RTO, and its record")
  func proven() throws {
    let scene = try scene(expecting: 3)
    let drill = try scene.run(["drill", "drill.yaml"])
    #expect(drill.status == 0, "\(drill.errors)")
    #expect(drill.text.hasPrefix("drill shop-lost: proven\n"))
    for part in ["keys unlocked", "unattributed", "check: items", "RTO 15m: met", "RPO 1d: met", "record "] {
      #expect(drill.text.contains(part), "\(drill.text)")
    }
    let seconds = try sums(drill.text)
    #expect(seconds.parts == seconds.total)
    let list = try scene.snapshots()
    #expect(list.first?["proven"] == "true")
    let back = try scene.run("restorer", ["restore", "--latest-proven", "--to", scene.folder.path("back")])
    #expect(back.status == 0)
  }

  /// The phases of a printed drill in milliseconds.
  private func sums(_ text: String) throws -> (parts: Int, total: Int) {
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    let start = try #require(lines.firstIndex { $0.contains("PHASE") })
    let numbers = lines[(start + 1)...].prefix { !$0.isEmpty }.compactMap { line in
      line.split(separator: " ").last.flatMap { Int($0.filter { $0 != "." }) }
    }
    return (numbers.dropLast().reduce(0, +), try #require(numbers.last))
  }

  @Test("a failed drill ends with 10 and says which check failed")
  func failed() throws {
    let scene = try scene(expecting: 4)
    let drill = try scene.run(["drill", "drill.yaml"])
    #expect(drill.status == 10)
    #expect(drill.text.hasPrefix("drill shop-lost: failed\n"))
    #expect(drill.errors.contains("items"))
    #expect(try scene.snapshots().first?["proven"] == "false")
  }

  @Test("a missed objective ends with 1 though the drill is proven")
  func missed() throws {
    let scene = try scene(expecting: 3, objectives: "{rto: 0s}")
    let drill = try scene.run(["drill", "drill.yaml"])
    #expect(drill.status == 1)
    #expect(drill.errors.contains("longer than the RTO of 0s"), "\(drill.errors)")
  }

  @Test("the history lists records, and gives a mean only from three on")
  func history() throws {
    let scene = try scene(expecting: 3)
    #expect(try scene.run("keeper", ["drill", "history"]).text == "No drill has been recorded yet.\n")
    for _ in 0..<2 { #expect(try scene.run(["drill", "drill.yaml", "-q"]).text == "") }
    #expect(!(try scene.run("keeper", ["drill", "history"]).text.contains("MTTR")))
    let json = try Object.lines(try scene.run(["drill", "drill.yaml", "--json"]).text)
    let record = try #require(json.last)
    #expect(record["type"] == "drill" && record["verdict"] == "proven" && record["number"] == "3")
    let history = try scene.run("keeper", ["drill", "history", "shop"])
    #expect(history.status == 0)
    #expect(history.text.contains("MTTR"))
    let lines = try Object.lines(try scene.run("keeper", ["drill", "history", "--json"]).text)
    #expect(lines.filter { $0["type"] == "record" }.count == 3)
    #expect(lines.last?["type"] == "component" && lines.last?["meanTimeToRecover"] != "null")
  }

  @Test("a record that is gone breaks the chain: 6, and it is named")
  func broken() throws {
    let scene = try scene(expecting: 3)
    for _ in 0..<2 { _ = try scene.run(["drill", "drill.yaml"]) }
    let first = try Object.lines(try scene.run("keeper", ["drill", "history", "--json"]).text)
      .first { $0["number"] == "1" }?["record"]
    let id = try #require(first)
    #expect(try Program.run(["rm", "\(scene.repository)/records/\(id)"]).status == 0)
    let history = try scene.run("keeper", ["drill", "history"])
    #expect(history.status == 6)
    #expect(history.errors.contains(String(id.prefix(12))))
  }
}
