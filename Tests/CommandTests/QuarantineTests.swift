import Bytes
import TestKit
import Testing

@Suite("A snapshot means a whole dump")
struct QuarantineTests {
  /// Dump tools that do not come to a good end, and what is said of them.
  static let failures: [(line: String, options: [String], reason: String)] = [
    ("head -c 990000 /dev/zero; echo broken pipe to db >&2; exit 1", [], "ended with exit status 1: broken pipe to db"),
    ("head -c 990000 /dev/zero; kill -KILL $$", [], "killed by SIGKILL"),
    ("head -c 990000 /dev/zero", ["--marker", "-- Dump completed"], "the completion marker"),
    ("true", [], "printed nothing"),
  ]

  @Test(
    "a dump tool that fails, dies or lacks its marker leaves a quarantined snapshot and status 3", arguments: failures)
  func quarantined(_ failure: (line: String, options: [String], reason: String)) throws {
    let scene = try Scene()
    try scene.backUp(Array("the good one".utf8))
    let backup = try scene.backUp(shell: failure.line, failure.options)
    #expect(backup.status == 3)
    #expect(backup.text == "")
    #expect(backup.errors.contains(failure.reason), "\(backup.errors)")
    #expect(backup.errors.contains("where: component orders"))
    #expect(backup.errors.contains("is quarantined: latest never takes it"))
    #expect(try scene.snapshots().map { $0["verdict"] } == ["complete", "quarantined"])
    let restore = try scene.run("restorer", ["restore", "orders", "--to", scene.folder.path("back")])
    #expect(restore.status == 1)
    #expect(restore.errors.contains("passed over: "), "\(restore.errors)")
    #expect(try Files.read(scene.folder.path("back/dump")) == Array("the good one".utf8))
  }

  @Test("a quarantined snapshot can be had by its id, with a warning")
  func named() throws {
    let scene = try Scene()
    #expect(try scene.backUp(shell: "echo half; exit 1").status == 3)
    #expect(try scene.run("restorer", ["dump", "latest"]).status == 2)
    let id = try #require(try scene.snapshots().first?["id"])
    let dump = try scene.run("restorer", ["dump", id])
    #expect(dump.status == 1)
    #expect(dump.text == "half\n")
    #expect(dump.errors.contains("this snapshot is quarantined: the dump command ended with exit status 1"))
  }

  @Test("the JSON of a quarantined run has both the snapshot and the error")
  func json() throws {
    let scene = try Scene()
    let backup = try scene.backUp(shell: "echo half; echo why >&2; exit 9", ["--json"])
    #expect(backup.status == 3)
    let lines = try Object.lines(backup.text)
    let snapshot = try #require(lines.first { $0["type"] == "backup" })
    #expect(snapshot["verdict"] == "quarantined")
    #expect(snapshot["toolErrors"] == "why\n")
    let error = try #require(lines.last)
    #expect(error["type"] == "error" && error["code"] == "source-incomplete" && error["status"] == "3")
  }

  @Test("a command that is not there fails before anything is stored")
  func missing() throws {
    let scene = try Scene()
    let backup = try scene.run("writer", ["backup", "--component", "orders"], ["--", "/no/such/dump"])
    #expect(backup.status == 3)
    #expect(try scene.snapshots().isEmpty)
  }
}
