import TestKit
import Testing

@Suite("A copy of a repository, with other dates on its files")
struct DateTests {
  @Test("is restored by the signed sequence: dates of the store mean nothing")
  func dates() throws {
    let fresh = try FreshRepository()
    let copy = TemporaryFolder()
    let store = copy.path("copy")
    let snapshots = fresh.objects["snapshots"] ?? []
    #expect(try Program.run(["cp", "-r", fresh.store, store]).status == 0)
    for order in [snapshots, snapshots.reversed()] {
      for (number, snapshot) in order.enumerated() {
        _ = try Program.run(["touch", "-d", "2031-01-0\(number + 1)", "\(store)/\(snapshot)"])
      }
      let target = TemporaryFolder()
      let rescue = try Rescue.run(
        ["restore", "--component", "tree", "--to", target.path("rescue")], store: store, key: fresh.restorer)
      let lifeboat = try Product.run(
        ["restore", "tree", "--to", target.path("lifeboat"), "--repository", store, "--key", fresh.restorer],
        state: target.path("state"))
      #expect(rescue.status == 0 && lifeboat.status == 0, "\(rescue.errors)\(lifeboat.errors)")
      #expect(try Rescue.contents(of: target.path("rescue")) == fresh.tree)
      #expect(try Rescue.contents(of: target.path("lifeboat")) == fresh.tree)
    }
  }
}
