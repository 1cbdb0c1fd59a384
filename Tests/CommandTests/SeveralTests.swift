import Bytes
import Glibc
import TestKit
import Testing

@Suite("Several components in one run")
struct SeveralTests {
  private let scene: Scene

  init() throws {
    scene = try Scene()
    mkdir(scene.folder.path("profiles"), 0o700)
    try profile("good", "run: echo good")
    try profile("also-good", "run: echo also")
    try profile("broken", "run: echo half; exit 1")
  }

  private func profile(_ name: String, _ source: String, _ rest: String = "") throws {
    let text = """
      component: \(name)
      repository: \(scene.repository)
      keys: {writer: \(scene.key("writer"))}
      source: {kind: command, \(source)}
      \(rest)
      """
    try Files.write(scene.folder.path("profiles/\(name).yaml"), Array(text.utf8))
  }

  private var components: [String] {
    get throws { try scene.snapshots().map { "\($0["component"] ?? "") \($0["verdict"] ?? "")" } }
  }

  @Test("one that fails does not stop the others; the worst status is that of the run")
  func named() throws {
    let backup = try scene.run(["backup", "broken", "good", "also-good"])
    #expect(backup.status == 3)
    #expect(backup.text.contains("good: complete") && backup.text.contains("also-good: complete"))
    #expect(backup.errors.contains("where: component broken"), "\(backup.errors)")
    #expect(Set(try components) == ["broken quarantined", "good complete", "also-good complete"])
  }

  @Test("all of them are those that have a profile; what others extend is none")
  func all() throws {
    try Files.write(
      scene.folder.path("profiles/base.yaml"), Array("repository: \(scene.repository)\n".utf8))
    let backup = try scene.run(["backup", "--all", "--json"])
    #expect(backup.status == 3)
    let lines = try Object.lines(backup.text)
    #expect(lines.filter { $0["type"] == "backup" }.count == 3)
    let errors = lines.filter { $0["type"] == "error" }
    #expect(errors.map { $0["where"] } == ["component broken"])
  }

  @Test("a profile that cannot be read is one failure among others, and a worse one decides")
  func unreadable() throws {
    try Files.write(scene.folder.path("profiles/good.yaml"), Array("component: [".utf8))
    let backup = try scene.run(["backup", "good", "also-good", "missing"])
    #expect(backup.status == 2)
    #expect(backup.errors.contains("component missing"))
    #expect(backup.text.contains("also-good: complete"))
    #expect(try scene.run(["backup", "good", "broken"]).status == 3)
  }

  @Test("a stop ends them all")
  func stopped() throws {
    try profile("good", "run: 'echo begun; kill -TERM $(cat \(scene.folder.path("pid"))); sleep 60'")
    let line = "echo $$ > pid; exec \(Product.path) backup good also-good"
    let backup = try Program.run(
      ["/bin/sh", "-c", line],
      environment: scene.variables(["LIFEBOAT_STATE": scene.state, "PATH": "/usr/bin:/bin"]), in: scene.folder.path)
    #expect(backup.status == 7, "\(backup.errors)")
    #expect(try components.isEmpty)
  }

  @Test(
    "what does not go together is refused",
    arguments: [
      ["backup", "--all", "good"], ["backup", "good", "good"], ["backup", "good", "also-good", "--stdin"],
      ["backup", "--all", "--component", "x"], ["backup", "good", "--", "echo"],
    ])
  func refused(_ arguments: [String]) throws {
    #expect(try scene.run(arguments).status == 2)
    #expect(try components.isEmpty)
  }

  @Test("the words after -- reach the program as they are")
  func words() throws {
    let words = ["printf", "%s|", "--command-word", "-x", "--", "", "a b"]
    let backup = try scene.run("writer", ["backup", "--component", "orders"], ["--"] + words)
    #expect(backup.status == 0, "\(backup.errors)")
    #expect(try scene.latest() == Array("--command-word|-x|--||a b|".utf8))
  }

  @Test("the profile's gate, hooks and times count; --accept lets a smaller dump pass, with a warning")
  func profileCounts() throws {
    let trace = scene.folder.path("trace")
    try profile("good", "run: head -c 100000 /dev/zero", "hooks: {finally: 'echo $LIFEBOAT_VERDICT >> \(trace)'}")
    #expect(try scene.run(["backup", "good"]).status == 0)
    try profile("good", "run: head -c 1000 /dev/zero", "hooks: {finally: 'echo $LIFEBOAT_VERDICT >> \(trace)'}")
    let refused = try scene.run(["backup", "good"])
    #expect(refused.status == 3)
    #expect(refused.errors.contains("bytes of the dump: 100000 → 1000"), "\(refused.errors)")
    let accepted = try scene.run(["backup", "good", "--accept"])
    #expect(accepted.status == 1, "\(accepted.errors)")
    #expect(try scene.run(["backup", "good"]).status == 0)
    #expect(
      String(decoding: try Files.read(trace), as: UTF8.self).split(separator: "\n")
        == ["complete", "quarantined", "complete", "complete"])
    try profile("lost", "run: echo x", "hooks: {failed: 'echo $LIFEBOAT_ERROR >> \(trace)'}")
    let lost = try scene.run(["backup", "lost", "--repository", scene.folder.path("nowhere")])
    #expect(lost.status == 4, "\(lost.errors)")
    #expect(String(decoding: try Files.read(trace), as: UTF8.self).contains("nowhere"))
    try profile("slow", "run: 'echo begun; sleep 60', stall-timeout: 1s")
    let slow = try scene.run(["backup", "slow"])
    #expect(slow.status == 3 && slow.errors.contains("no bytes came for 1s"), "\(slow.errors)")
  }
}
