import Bytes
import Glibc
import TestKit
import Testing

@Suite("Output")
struct OutputTests {
  /// Runs the program through a shell line, in which `$L` is the program, `$R` and `$W` repository and writer key, and
  /// `$K` the restorer key.
  private func shell(_ scene: Scene, _ line: String) throws -> Program.Outcome {
    let variables = scene.variables([
      "L": Product.path, "R": scene.repository, "W": scene.key("writer"), "K": scene.key("restorer"),
      "LIFEBOAT_STATE": scene.state, "PATH": "/usr/bin:/bin",
    ])
    return try Program.run(["/bin/sh", "-c", line], environment: variables, in: scene.folder.path)
  }

  @Test("every line of every command's JSON is an object with type and time")
  func json() throws {
    let scene = try Scene()
    let created = try scene.run(["init", "second", "--keys", "second-keys", "--json"])
    let made = try Object.lines(created.text)
    #expect(made.map { $0["type"] } == ["repository", "key", "key", "key"])
    #expect(made[1]["path"] == "second-keys/restorer.key")
    let backup = try scene.backUp([UInt8](repeating: 1, count: 100_000), ["--json"])
    let run = try Object.lines(backup.text)
    #expect(run.filter { $0["type"] == "step" }.map { $0["step"] } == ["prepare", "index", "dump", "commit"])
    let done = try #require(run.last)
    #expect(done["type"] == "backup" && done["bytes"] == "100000" && done["verdict"] == "complete")
    for (command, type, names) in [
      (
        ["snapshots"], "snapshot", ["id", "component", "writer", "sequence", "finished", "bytes", "newBytes", "proven"]
      ),
      (["show", "latest"], "stream", ["name", "kind", "bytes", "mode", "modified"]),
      (["show", "latest"], "snapshot", ["id", "engine", "profile", "truth", "parents"]),
      (["check"], "check", ["sound", "objects", "storedBytes", "snapshots", "bytesRead"]),
      (["restore", "--to", scene.folder.path("back")], "restore", ["snapshot", "folder", "streams", "bytes"]),
      (["restore", "--to", scene.folder.path("back2")], "choice", ["id", "writerKey", "sequence"]),
      (["key", "list"], "key", ["role", "publicKey", "closed", "components"]),
    ] {
      let outcome = try scene.run("restorer", command + ["--json"])
      let lines = try Object.lines(outcome.text)
      #expect(lines.allSatisfy { $0["type"] != nil && $0["time"]?.hasSuffix("Z") == true })
      let object = try #require(lines.first { $0["type"] == type }, "\(command): \(outcome.text)")
      #expect(object.names.isSuperset(of: names), "\(command): \(object.names)")
      #expect(outcome.errors == "")
    }
  }

  @Test("an error in JSON has code, status and the three parts")
  func jsonError() throws {
    let scene = try Scene()
    for (outcome, code, status) in [
      (try scene.run(["snapshots", "--json", "--nonsense"]), "usage", "2"),
      (try scene.run(["snapshots", "--json"]), "usage", "2"),
      (try scene.run("writer", ["snapshots", "--json"]), "key-wrong-role", "5"),
      (
        try scene.run(["snapshots", "--json", "--repository", "none", "--key", scene.key("keeper")]), "store-missing",
        "4"
      ),
    ] {
      let error = try #require(try Object.lines(outcome.text).last)
      #expect(error["type"] == "error" && error["code"] == code && error["status"] == status, "\(outcome.text)")
      #expect(error.names.isSuperset(of: ["what", "where", "next", "time"]))
      #expect(outcome.errors == "")
    }
  }

  @Test("--quiet prints nothing on success, and still prints errors")
  func quiet() throws {
    let scene = try Scene()
    let backup = try scene.backUp(Array("x".utf8), ["--quiet"])
    #expect(backup.status == 0 && backup.text == "" && backup.errors == "")
    let restore = try scene.run("restorer", ["restore", "-q", "--to", scene.folder.path("back")])
    #expect(restore.status == 0 && restore.text == "" && restore.errors == "")
    let check = try scene.run("restorer", ["check", "-q"])
    #expect(check.status == 0 && check.text == "" && check.errors == "")
    #expect(try scene.backUp(shell: "exit 3", ["--quiet"]).errors.contains("exit status 3"))
  }

  @Test("without a terminal a long run says a line now and then, on standard error")
  func longRun() throws {
    let scene = try Scene()
    let words = ["backup", "--component", "orders", "--repository", scene.repository, "--key", scene.key("writer")]
    let tool = ["--", "/bin/sh", "-c", "head -c 1000000 /dev/zero; sleep 1"]
    let variables = ["LIFEBOAT_PROGRESS_INTERVAL": "0.1"]
    let outcome = try scene.run(words + tool, variables)
    #expect(outcome.status == 0)
    #expect(outcome.errors.contains("orders: 977 KiB, "), "\(outcome.errors)")
    #expect(outcome.text.split(separator: "\n").count == 1)
    #expect(try scene.run(words + ["--quiet"] + tool, variables).errors == "")
    let json = try Object.lines(try scene.run(words + ["--json"] + tool, variables).text)
    #expect(json.contains { $0["type"] == "progress" && $0["done"] == "1000000" && $0["total"] == "null" })
  }

  @Test("a reader that goes away is an error, not a death")
  func brokenPipe() throws {
    let scene = try Scene()
    try scene.backUp([UInt8](repeating: 65, count: 5_000_000))
    let outcome = try shell(
      scene, "($L dump latest --repository $R --key $K; echo $? >status) | head -c 10; cat status")
    #expect(outcome.text == "AAAAAAAAAA9\n")
    #expect(outcome.errors.contains("the reader of the output went away"), "\(outcome.errors)")
    let list = try shell(
      scene, "(sleep 0.2; $L snapshots --repository $R --key $K; echo $? >status) | true; cat status")
    #expect(list.text == "9\n", "\(list.errors)")
  }

  @Test("closed standard streams are errors where they are needed, and never end up in a file")
  func closed() throws {
    let scene = try Scene()
    let backup = try shell(scene, "$L backup --component a --repository $R --key $W -- /bin/echo a >&-; echo $?")
    #expect(backup.text == "1\n", "\(backup.errors)")
    #expect(backup.errors.contains("warning: the output cannot be written"))
    let silent = try shell(
      scene, "$L backup --component a --repository $R --key $W -- /bin/echo b >&- 2>&- <&-; echo $?")
    #expect(silent.text == "1\n")
    #expect(try scene.complaints() == [])
    let input = try shell(scene, "$L backup --component b --repository $R --key $W --stdin <&-; echo $?")
    #expect(input.text == "3\n")
    #expect(try scene.snapshots("b").isEmpty)
    let full = try shell(scene, "$L snapshots --repository $R --key $K > /dev/full; echo $?")
    #expect(full.text == "9\n")
    let dump = try shell(scene, "$L dump latest --component a --repository $R --key $K >&-; echo $?")
    #expect(dump.text == "9\n", "\(dump.errors)")
  }

  @Test("escape sequences of a dump tool do not reach the terminal")
  func escapes() throws {
    let scene = try Scene()
    let backup = try scene.backUp(shell: "printf '\\033[2J\\033]0;title\\007 oops' >&2; exit 1")
    #expect(!backup.errors.contains("\u{1b}"))
    #expect(backup.errors.contains("\\x1b[2J"))
  }

  @Test("an account without a home, a path and a language can back up and restore")
  func bare() throws {
    let scene = try Scene()
    let variables = ["LIFEBOAT_STATE": scene.state]
    let place = ["--repository", scene.repository, "--key"]
    let backup = try Program.run(
      [Product.path, "backup", "--component", "orders"] + place + [scene.key("writer"), "--", "echo", "hi"],
      environment: variables)
    #expect(backup.status == 0, "\(backup.errors)")
    let dump = try Program.run(
      [Product.path, "dump", "latest"] + place + [scene.key("restorer")], environment: variables)
    #expect(dump.text == "hi\n", "\(dump.errors)")
  }
}
