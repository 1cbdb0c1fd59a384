import Bytes
import Glibc
import TestKit
import Testing

/// The examples of the repository, run as they stand: only what differs from machine to machine is replaced, by a
/// profile that extends them.
@Suite("The example profiles")
struct ExampleProfileTests {
  private let scene: Scene

  init() throws {
    scene = try Scene()
    mkdir(scene.folder.path("profiles"), 0o700)
  }

  /// Writes a profile that extends an example and backs it up.
  private func backUp(_ example: String, source: String) throws -> Program.Outcome {
    let text = """
      extends: \(Checkout.root)/profiles/\(example).yaml
      repository: ../repository
      keys: {writer: ../keys/writer.key, restorer: ../keys/restorer.key}
      source: \(source)
      """
    try Files.write(scene.folder.path("profiles/\(example).yaml"), Array(text.utf8))
    return try scene.run(["backup", example])
  }

  @Test("of a SQLite database backs one up, and it comes back")
  func sqlite() throws {
    let database = scene.folder.path("packages.db")
    #expect(try Program.run(["sqlite3", database, "create table t(a); insert into t values (1),(2)"]).status == 0)
    let backup = try backUp("packages", source: "{path: ../packages.db}")
    #expect(backup.status == 0, "\(backup.errors)")
    #expect(try scene.run(["restore", "packages", "--to", "back"]).status == 0)
    let answer = try Program.run(["sqlite3", scene.folder.path("back/packages.db"), "select count(*) from t"])
    #expect(answer.text == "2\n")
  }

  @Test("of a directory backs one up, leaving out what it says")
  func directory() throws {
    let tree = scene.folder.path("etc")
    for folder in [tree, "\(tree)/ssl", "\(tree)/ssl/certs"] { mkdir(folder, 0o700) }
    for name in ["hosts", "hosts.dpkg-old", "ssl/certs/a.pem"] { try Files.write("\(tree)/\(name)", Array("x".utf8)) }
    let backup = try backUp("machine-settings", source: "{path: ../etc}")
    #expect(backup.status == 0, "\(backup.errors)")
    #expect(try scene.run(["restore", "machine-settings", "--to", "back"]).status == 0)
    #expect(Files.tree(scene.folder.path("back")) == ["hosts"])
  }
}
