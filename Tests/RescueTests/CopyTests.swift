import TestKit
import Testing

@Suite("rescue.py before a damaged repository with a copy")
struct CopyTests {
  /// What is done to objects.
  enum Loss: CaseIterable {
    case removed
    case flipped
    case truncated
  }

  private func replace(_ path: String, by bytes: [UInt8]?) throws {
    _ = try Program.run(["rm", "-f", path])
    if let bytes { try Files.write(path, bytes) }
  }

  /// Damages objects; returns their paths.
  private func damage(_ fresh: FreshRepository, _ kind: String, _ loss: Loss) throws -> [String] {
    let victims = fresh.objects[kind] ?? []
    try #require(!victims.isEmpty)
    for victim in victims {
      let path = "\(fresh.store)/\(victim)"
      var bytes = try Files.read(path)
      switch loss {
      case .removed: try replace(path, by: nil)
      case .truncated: try replace(path, by: Array(bytes.prefix(bytes.count / 2)))
      case .flipped:
        for place in stride(from: 40, to: bytes.count, by: 90) { bytes[place] ^= 4 }
        try replace(path, by: bytes)
      }
    }
    return victims
  }

  @Test(
    "takes every kind of object from the copy, says which, and restores bit by bit",
    arguments: ["packs", "index", "snapshots", "enrolment", "authority"], Loss.allCases)
  func everyKind(_ kind: String, _ loss: Loss) throws {
    let fresh = try FreshRepository()
    let copy = fresh.folder.path("copy")
    _ = try Program.run(["cp", "-a", fresh.store, copy])
    let victims = try damage(fresh, kind, loss)
    let target = fresh.folder.path("out")
    let outcome = try Rescue.run(
      ["restore", "--component", "tree", "--to", target, "--copy", copy], store: fresh.store, key: fresh.restorer)
    #expect(outcome.status == 0, "\(outcome.errors)")
    #expect(try Rescue.contents(of: target) == fresh.tree)
    let taken = outcome.errors.split(separator: "\n").filter { $0.hasPrefix("rescue: taken from the copy \(copy): ") }
    #expect(!taken.isEmpty && taken.allSatisfy { line in victims.contains { line.hasSuffix($0) } }, "\(outcome.errors)")
    #expect(Set(taken).count == taken.count)
  }

  @Test("takes nothing from a copy that is damaged in the same place, and says what is lost")
  func bothDamaged() throws {
    let fresh = try FreshRepository()
    let victims = try damage(fresh, "packs", .flipped)
    let copy = fresh.folder.path("copy")
    _ = try Program.run(["cp", "-a", fresh.store, copy])
    #expect(!victims.isEmpty)
    let outcome = try Rescue.run(
      ["restore", "--component", "tree", "--to", fresh.folder.path("out"), "--copy", copy], store: fresh.store,
      key: fresh.restorer)
    #expect(outcome.status == 6)
    #expect(!outcome.errors.contains("taken from") && !outcome.errors.contains("Traceback"), "\(outcome.errors)")
  }

  @Test("a whole store needs no copy, and a copy that is none is refused")
  func whole() throws {
    let fresh = try FreshRepository()
    let copy = fresh.folder.path("copy")
    _ = try Program.run(["cp", "-a", fresh.store, copy])
    let outcome = try Rescue.run(
      ["restore", "--component", "tree", "--to", fresh.folder.path("out"), "--copy", copy], store: fresh.store,
      key: fresh.restorer)
    #expect(outcome.status == 0 && !outcome.errors.contains("taken from"), "\(outcome.errors)")
    let none = try Rescue.run(["snapshots", "--copy", "/nonexistent"], store: fresh.store, key: fresh.restorer)
    #expect(none.status == 4)
  }
}
