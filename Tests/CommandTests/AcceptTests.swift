import Bytes
import TestKit
import Testing

@Suite("A quarantined snapshot is accepted, on the record")
struct AcceptTests {
  private let scene: Scene
  private let id: String

  init() throws {
    scene = try Scene()
    try scene.backUp(Array("the good one".utf8))
    #expect(try scene.backUp(shell: "echo half; exit 1").status == 3)
    id = try #require(try scene.snapshots().last?["id"])
  }

  @Test(
    "by a keeper or a restorer; then it is the latest, and everything that shows it says so",
    arguments: ["keeper", "restorer"])
  func accepted(_ role: String) throws {
    let accept = try scene.run(role, ["accept", String(id.prefix(8))], ["--reason", "the tool is known to exit 1"])
    #expect(accept.status == 0, "\(accept.errors)")
    #expect(accept.text.contains("counts from now on: accepted by \(role) "), "\(accept.text)")
    #expect(accept.text.contains("because: the tool is known to exit 1"))
    #expect(try scene.latest() == Array("half\n".utf8))
    let shown = try #require(try scene.snapshots().last)
    #expect(shown["verdict"] == "quarantined")
    #expect(shown["accepted"] == "{annotation, at, key, reason, role}")
    #expect(try scene.snapshots().first?["accepted"] == "null")
    #expect(try scene.run("keeper", ["snapshots"]).text.contains(" accepted "))
    #expect(try scene.run("restorer", ["show", id]).text.contains("because: the tool is known to exit 1"))
    let restore = try scene.run("restorer", ["restore", "orders", "--to", scene.folder.path("back")])
    #expect(restore.status == 0, "\(restore.errors)")
    #expect(restore.text.contains("once quarantined, accepted by \(role)"), "\(restore.text)")
    #expect(try scene.complaints().isEmpty)
  }

  @Test("a second time changes nothing, and neither does a snapshot that is complete")
  func again() throws {
    for expected in ["true", "false", "false"] {
      let accept = try scene.run("keeper", ["accept", id, "--json"], ["--reason", "r"])
      #expect(accept.status == 0)
      #expect(try Object.lines(accept.text).last?["isNew"] == expected)
    }
    #expect(Files.names(in: "\(scene.repository)/annotations").count == 1)
    let good = try #require(try scene.snapshots().first?["id"])
    let accept = try scene.run("keeper", ["accept", good], ["--reason", "r"])
    #expect(accept.status == 0 && accept.text.contains("is complete"))
    #expect(Files.names(in: "\(scene.repository)/annotations").count == 1)
  }

  @Test("not with a writer's key, without a reason, or by another word than an id")
  func refused() throws {
    #expect(try scene.run("writer", ["accept", id], ["--reason", "r"]).status == 5)
    #expect(try scene.run("keeper", ["accept", id]).status == 2)
    #expect(try scene.run("keeper", ["accept", id], ["--reason", " "]).status == 2)
    #expect(try scene.run("keeper", ["accept", "latest"], ["--reason", "r"]).status == 2)
    #expect(try scene.run("keeper", ["accept", "0000"], ["--reason", "r"]).status == 2)
    #expect(!Files.exists("\(scene.repository)/annotations"))
  }

  @Test("and is copied, and counts for rescue.py, which refuses one that nobody signed")
  func rescue() throws {
    let program = "\(Checkout.root)/Sources/Format/Rescue/rescue.py"
    func rescue(_ store: String) throws -> Program.Outcome {
      try Program.run(
        ["/usr/bin/python3", program, "--store", store, "--key", scene.key("restorer"), "snapshots"],
        environment: ["PATH": "/usr/bin:/bin"])
    }
    #expect(try rescue(scene.repository).text.contains("\tquarantined\t"))
    #expect(try scene.run("keeper", ["accept", id], ["--reason", "r"]).status == 0)
    let copy = scene.folder.path("copy")
    let copied = try scene.run(["copy", "--repository", scene.repository, "--to", copy])
    #expect(copied.status == 0, "\(copied.errors)")
    for store in [scene.repository, copy] {
      let listing = try rescue(store)
      #expect(listing.status == 0 && listing.text.contains("\taccepted\t"), "\(listing.errors)\(listing.text)")
    }
    let name = try #require(Files.names(in: "\(copy)/annotations").first)
    let bytes = try Files.read("\(copy)/annotations/\(name)")
    try Files.write("\(copy)/annotations/\(name)", bytes.dropLast() + [bytes[bytes.count - 1] ^ 1])
    let damaged = try rescue(copy)
    #expect(damaged.text.contains("\tquarantined\t") && !damaged.text.contains("\taccepted\t"))
    #expect(damaged.errors.contains("does not count"), "\(damaged.errors)")
  }
}
