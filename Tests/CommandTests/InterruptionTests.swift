import Bytes
import Glibc
import TestKit
import Testing

@Suite("Interruptions and full disks")
struct InterruptionTests {
  private var random = RandomSource(seed: 11)

  /// Starts a backup whose dump tool leaves its process number and then waits.
  private func waiting(_ scene: Scene, _ options: [String] = []) throws -> (run: Running, tool: pid_t) {
    let mark = scene.folder.path("pid")
    unlink(mark)
    let line = "head -c 3000000 /dev/urandom; echo $$ > \(mark).new; mv \(mark).new \(mark); sleep 600"
    let run = try Running(
      scene,
      ["backup", "--component", "orders", "--repository", scene.repository, "--key", scene.key("writer")] + options
        + ["--", "/bin/sh", "-c", line])
    eventually("the dump tool runs") { Files.exists(mark) }
    let text = String(decoding: try Files.read(mark), as: UTF8.self)
    return (run, try #require(pid_t(text.filter { $0.isNumber })))
  }

  @Test(
    "a signal ends a run with 7: no child, no temporary file, no snapshot, older ones intact",
    arguments: [SIGTERM, SIGINT, SIGHUP])
  mutating func signals(_ number: Int32) throws {
    let scene = try Scene()
    let old = random.bytes(500_000)
    try scene.backUp(old)
    let (run, tool) = try waiting(scene)
    run.signal(number)
    #expect(run.wait() == 7)
    #expect(run.errors.contains("interrupted by SIG"))
    #expect(run.output == "")
    eventually("the dump tool is gone") { kill(tool, 0) != 0 && errno == ESRCH }
    #expect(Files.tree("\(scene.repository)/.incoming").isEmpty)
    #expect(Files.names(in: scene.folder.path("tmp")).isEmpty)
    #expect(try scene.snapshots().count == 1)
    #expect(try scene.latest() == old)
    #expect(try scene.complaints() == [])
    #expect(try scene.backUp(Array("next".utf8)).status == 0)
  }

  @Test("a second run of a component is refused with 8, waits with --wait, and others are not hindered")
  func busy() throws {
    let scene = try Scene()
    let (run, _) = try waiting(scene)
    let second = try scene.backUp(Array("x".utf8))
    #expect(second.status == 8)
    #expect(second.errors.contains("--wait"))
    #expect(try scene.backUp(Array("x".utf8), as: "others").status == 0)
    let third = try Running(
      scene,
      [
        "backup", "--component", "orders", "--wait", "--repository", scene.repository, "--key", scene.key("writer"),
        "--",
        "/bin/echo", "third",
      ])
    usleep(300_000)
    #expect(kill(third.process, 0) == 0)
    run.signal(SIGTERM)
    #expect(run.wait() == 7)
    #expect(third.wait() == 0, "\(third.errors)")
    #expect(try scene.latest() == Array("third\n".utf8))
  }

  @Test("a killed run leaves a repository that opens, is sound and takes the next run")
  func killed() throws {
    let scene = try Scene()
    try scene.backUp(Array("old".utf8))
    let (run, tool) = try waiting(scene)
    run.signal(SIGKILL)
    #expect(run.wait() == -SIGKILL)
    eventually("the kernel ended the dump tool") { kill(tool, 0) != 0 && errno == ESRCH }
    #expect(try scene.latest() == Array("old".utf8))
    #expect(try scene.complaints() == [])
    #expect(try scene.backUp(Array("new".utf8)).status == 0)
  }

  @Test("a dump whose reader is slow ends at once when it is interrupted")
  func dump() throws {
    let scene = try Scene()
    try scene.backUp([UInt8](repeating: 65, count: 5_000_000))
    let command = "\(Product.path) dump latest --repository \(scene.repository) --key \(scene.key("restorer"))"
    let line =
      "(\(command) & sleep 0.5; kill -TERM $!; wait $!; echo $? > status) | (sleep 1; wc -c >count); cat status"
    let variables = scene.variables(["LIFEBOAT_STATE": scene.state, "PATH": "/usr/bin:/bin"])
    let outcome = try Program.run(["/bin/sh", "-c", line], environment: variables, in: scene.folder.path)
    #expect(outcome.text == "7\n", "\(outcome.errors)")
  }

  @Test("an init that finds its disk full ends with 4 and leaves no key files")
  func fullAtInit() throws {
    guard let disk = try SmallDisk(megabytes: 1) else { return }
    let scene = try Scene()
    _ = try Program.run(["dd", "if=/dev/zero", "of=\(disk.path)/filler", "bs=64k"])
    let made = try scene.run(["init", "\(disk.path)/repository", "--keys", "new-keys"])
    #expect(made.status == 4, "\(made.errors)")
    #expect(Files.names(in: scene.folder.path("new-keys")).isEmpty)
  }

  @Test("a full disk in the store ends with 4, leaves no snapshot, touches nothing older")
  mutating func fullStore() throws {
    guard let disk = try SmallDisk(megabytes: 12) else { return }
    let scene = try Scene()
    let repository = "\(disk.path)/repository"
    let keys = scene.folder.path("disk-keys")
    #expect(try scene.run(["init", repository, "--keys", keys]).status == 0)
    func run(_ role: String, _ words: [String], input: [UInt8] = []) throws -> Program.Outcome {
      try scene.run(words + ["--repository", repository, "--key", "\(keys)/\(role).key"], input: input)
    }
    let old = random.bytes(1_000_000)
    #expect(try run("writer", ["backup", "--component", "orders", "--stdin"], input: old).status == 0)
    let before = Files.tree(repository)
    let full = try run("writer", ["backup", "--component", "orders", "--stdin"], input: random.bytes(30_000_000))
    #expect(full.status == 4, "\(full.errors)")
    #expect(full.errors.contains("no space left on device"), "\(full.errors)")
    #expect(Set(before).isSubset(of: Set(Files.tree(repository))))
    #expect(Files.tree(repository).filter { $0.contains("/snapshots/") }.count == 1)
    #expect(Files.tree("\(repository)/.incoming").isEmpty)
    #expect(try run("restorer", ["dump", "latest"]).output == old)
  }

  @Test("a full disk for local state ends a backup with 4, and a restore goes on with a warning")
  func fullState() throws {
    guard let disk = try SmallDisk(megabytes: 1) else { return }
    let scene = try Scene()
    try scene.backUp(Array("old".utf8))
    _ = try Program.run(["dd", "if=/dev/zero", "of=\(disk.path)/filler", "bs=64k"])
    let variables = ["LIFEBOAT_STATE": "\(disk.path)/state"]
    let place = ["--repository", scene.repository, "--key"]
    let backup = try scene.run(
      ["backup", "--component", "orders"] + place + [scene.key("writer"), "--", "/bin/echo", "new"], variables)
    #expect(backup.status == 4, "\(backup.errors)")
    #expect(backup.errors.contains("LIFEBOAT_STATE"))
    #expect(try scene.snapshots().count == 1)
    let dump = try scene.run(["dump", "latest"] + place + [scene.key("restorer")], variables)
    #expect(dump.status == 1, "\(dump.errors)")
    #expect(dump.text == "old")
    #expect(dump.errors.contains("local state cannot be kept"))
  }

  @Test("a restore that does not fit is refused with 9 before it begins")
  func fullTarget() throws {
    guard let disk = try SmallDisk(megabytes: 1) else { return }
    let scene = try Scene()
    try scene.backUp([UInt8](repeating: 7, count: 3_000_000))
    let restore = try scene.run("restorer", ["restore", "--to", "\(disk.path)/back"])
    #expect(restore.status == 9)
    #expect(restore.errors.contains("2.86 MiB are to be restored"), "\(restore.errors)")
    #expect(!Files.exists("\(disk.path)/back"))
  }
}
