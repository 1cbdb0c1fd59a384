import TestKit
import Testing

@Suite("rescue.py, without lifeboat")
struct RescueTests {
  @Test("restores the golden repository bit by bit, and so does lifeboat")
  func golden() throws {
    let golden = "\(Checkout.root)/Tests/RescueTests/Golden"
    let target = TemporaryFolder()
    let rescue = try Rescue.run(
      ["restore", "--component", "tree", "--to", target.path("rescue")], store: "\(golden)/repository",
      key: "\(golden)/restorer-key.txt")
    #expect(rescue.status == 0, "\(rescue.errors)")
    let lifeboat = try Product.run(
      [
        "restore", "tree", "--to", target.path("lifeboat"), "--repository", "\(golden)/repository", "--key",
        "\(golden)/restorer-key.txt",
      ], state: target.path("state"))
    #expect(lifeboat.status == 0, "\(lifeboat.errors)")
    let expected = try Checkout.text("Tests/RescueTests/Golden/SHA256SUMS")
    #expect(expected.split(separator: "\n").count == 5)
    for folder in ["rescue", "lifeboat"] {
      let check = try Program.run(
        ["sha256sum", "--strict", "-c", "-"], input: Array(expected.utf8), in: target.path(folder))
      #expect(check.status == 0, "\(folder): \(check.text)\(check.errors)")
    }
  }

  @Test("lists and restores a fresh repository with the copy that lies in the repository itself")
  func fresh() throws {
    let fresh = try FreshRepository()
    let program = try #require(fresh.objects["rescue"]?.first { $0.hasSuffix("rescue.py") })
    let listing = try Rescue.run(
      ["snapshots"], store: fresh.store, key: fresh.restorer, program: "\(fresh.store)/\(program)")
    #expect(listing.status == 0, "\(listing.errors)")
    #expect(listing.text.split(separator: "\n").filter { $0.hasPrefix("tree") }.count == 2)
    let target = fresh.folder.path("out")
    let outcome = try Rescue.run(
      ["restore", "--component", "tree", "--to", target], store: fresh.store, key: fresh.restorer,
      program: "\(fresh.store)/\(program)")
    #expect(outcome.status == 0, "\(outcome.errors)")
    #expect(try Rescue.contents(of: target) == fresh.tree)
    let dump = try Rescue.run(
      ["restore", "--component", "dump", "--to", "-"], store: fresh.store, key: fresh.restorer)
    #expect(dump.status == 0 && dump.output == fresh.dump, "\(dump.errors)")
  }

  @Test("sha256sum agrees with every name in the store")
  func names() throws {
    let fresh = try FreshRepository()
    var checked = 0
    for (kind, paths) in fresh.objects where kind != "rescue" {
      for path in paths {
        let sum = try Program.run(["sha256sum", "\(fresh.store)/\(path)"]).text.prefix(64)
        #expect(path.hasSuffix(sum), "\(path)")
        checked += 1
      }
    }
    #expect(checked >= 9)
  }

  @Test("a writer or keeper key is refused by name of the role", arguments: ["writer", "keeper"])
  func roles(_ role: String) throws {
    let fresh = try FreshRepository()
    let outcome = try Rescue.run(
      ["restore", "--component", "tree", "--to", fresh.folder.path("out")], store: fresh.store,
      key: fresh.folder.path("keys/\(role).key"))
    #expect(outcome.status == 5)
    #expect(outcome.errors.contains("restorer"))
  }
}
