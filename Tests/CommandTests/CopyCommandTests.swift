import Bytes
import Glibc
import TestKit
import Testing

@Suite("Copies on the command line")
struct CopyCommandTests {
  private let scene: Scene
  private let dump: [UInt8]

  /// A repository with six runs, each with a pack of its own, all of which the last run's snapshot needs.
  init() throws {
    scene = try Scene()
    var random = RandomSource(seed: 5)
    var bytes = random.bytes(9_000_000)
    for run in 0..<6 {
      let start = run * 1_500_000 + 200_000
      bytes.replaceSubrange(start..<(start + 1_100_000), with: random.bytes(1_100_000))
      #expect(try scene.backUp(bytes).status == 0)
    }
    dump = bytes
  }

  private var copy: String { scene.folder.path("copy") }

  private func makeCopy() throws {
    let made = try scene.run(["copy", "--repository", scene.repository, "--to", copy])
    #expect(made.status == 0, "\(made.errors)")
  }

  private func differences() throws -> String { try Program.run(["diff", "-r", scene.repository, copy]).text }

  /// The paths of the packs, below the repository.
  private var packs: [String] { Files.tree(scene.repository).filter { $0.contains("/packs/") } }

  /// Removes every sixth pack and flips bytes in another sixth; returns the paths of both.
  private func damage() throws -> (removed: [String], flipped: [String]) {
    let packs = packs
    let (removed, flipped) = (packs.indices.filter { $0 % 6 == 0 }, packs.indices.filter { $0 % 6 == 3 })
    for number in removed { unlink("\(scene.repository)/\(packs[number])") }
    for number in flipped {
      let path = "\(scene.repository)/\(packs[number])"
      var bytes = try Files.read(path)
      for place in stride(from: 30, to: min(bytes.count, 100_000), by: 100) { bytes[place] ^= 1 }
      unlink(path)
      try Files.write(path, bytes)
    }
    #expect(!removed.isEmpty && !flipped.isEmpty)
    return (removed.map { packs[$0] }, flipped.map { packs[$0] })
  }

  @Test("copy makes the same files, needs no key, and a second run finds them there")
  func identical() throws {
    try makeCopy()
    #expect(try differences() == "")
    let again = try scene.run(["copy", "--repository", scene.repository, "--to", copy, "--read-data"])
    #expect(again.status == 0 && again.text.hasPrefix("copied 0 objects, 0 B, to \(copy)"), "\(again.text)")
    #expect(again.text.contains("there already"))
    try scene.backUp([1, 2, 3])
    let json = try scene.run(["copy", "--repository", scene.repository, "--to", copy, "--json"])
    let object = try #require(try Object.lines(json.text).last)
    #expect(object["type"] == "copy" && object["copied"] == "3" && object["whole"] == "true", "\(json.text)")
    #expect(try differences() == "")
  }

  @Test("restore and dump take lost and damaged packs from a copy, bit by bit, name them, and end with 1")
  func restore() throws {
    try makeCopy()
    let lost = try damage()
    let alone = try scene.run("restorer", ["restore", "orders", "--to", scene.folder.path("alone")])
    #expect(alone.status == 6, "\(alone.errors)")
    let restore = try scene.run(
      "restorer", ["restore", "orders", "--to", scene.folder.path("back"), "--copy", copy])
    #expect(restore.status == 1, "\(restore.errors)")
    #expect(try Files.read(scene.folder.path("back/dump")) == dump)
    #expect(restore.errors.contains("missing or damaged, and taken from \(copy): writers/"), "\(restore.errors)")
    let out = try scene.run("restorer", ["dump", "latest", "--copy", copy])
    #expect(out.status == 1 && out.output == dump)
    let json = try scene.run(
      "restorer", ["restore", "orders", "--to", scene.folder.path("json"), "--copy", copy, "--json"])
    let taken = try Object.lines(json.text).filter { $0["type"] == "taken" }
    #expect(taken.allSatisfy { $0["from"] == copy })
    let paths = Set(taken.compactMap { $0["path"] })
    #expect(!paths.isEmpty && paths.isSubset(of: lost.removed + lost.flipped), "\(paths)")
  }

  @Test("check says which of what is lost a copy has; copy puts back what is missing and names the rest")
  func checkAndPutBack() throws {
    try makeCopy()
    let (removed, flipped) = try damage()
    let check = try scene.run("restorer", ["check", "--read-data", "--copy", copy])
    #expect(check.status == 6)
    for path in removed + flipped { #expect(check.text.contains("  where: \(path)\n"), "\(check.text)") }
    let lines = check.text.split(separator: "\n").filter { $0 == "  a copy has it: \(copy)" }
    #expect(lines.count == removed.count + flipped.count)
    #expect(check.errors.contains("Copies have all of the"), "\(check.errors)")
    let json = try scene.run("restorer", ["check", "--read-data", "--copy", copy, "--json"])
    let problems = try Object.lines(json.text).filter { $0["type"] == "problem" && $0["severity"] == "damage" }
    #expect(!problems.isEmpty && problems.allSatisfy { $0["copies"] == "[\(copy)]" })

    let back = try scene.run(["copy", "--repository", copy, "--to", scene.repository, "--read-data", "--json"])
    #expect(back.status == 6)
    let said = try Object.lines(back.text)
    #expect(Set(said.filter { $0["type"] == "problem" }.compactMap { $0["object"] }) == Set(flipped))
    #expect(said.first { $0["type"] == "copy" }?["copied"] == "\(removed.count)")
    for path in flipped { unlink("\(scene.repository)/\(path)") }
    #expect(try scene.run(["copy", "--repository", copy, "--to", scene.repository]).status == 0)
    #expect(try differences() == "")
    #expect(try scene.complaints() == [])
  }

  @Test("a profile that names copies is all that copy, restore, check and drill need")
  func profile() throws {
    mkdir(scene.folder.path("profiles"), 0o700)
    let text = """
      component: orders
      repository: ../repository
      copies: [{location: ../copy}, {location: ../second}]
      keys: {writer: ../keys/writer.key, keeper: ../keys/keeper.key, restorer: ../keys/restorer.key}
      source: {kind: command, run: [echo, hello]}
      """
    try Files.write(scene.folder.path("profiles/orders.yaml"), Array(text.utf8))
    let made = try scene.run(["copy", "orders"])
    #expect(made.status == 0 && made.text.split(separator: "\n").count == 2, "\(made.text)\(made.errors)")
    #expect(try differences() == "")
    #expect(try Program.run(["diff", "-r", copy, scene.folder.path("second")]).text == "")
    _ = try damage()
    let restore = try scene.run(["restore", "orders", "--to", "back"])
    #expect(restore.status == 1, "\(restore.errors)")
    #expect(try Files.read(scene.folder.path("back/dump")) == dump)
    let drill = "drill: lost\nprofile: profiles/orders.yaml\nchecks: [manifest]\n"
    try Files.write(scene.folder.path("drill.yaml"), Array(drill.utf8))
    let proven = try scene.run(["drill", "drill.yaml"])
    #expect(proven.status == 1 && proven.text.hasPrefix("drill lost: proven"), "\(proven.text)\(proven.errors)")
    #expect(proven.text.contains("taken from copies"), "\(proven.text)")
    // A copy that is not there holds nothing up.
    _ = try Program.run(["mv", copy, scene.folder.path("moved")])
    let again = try scene.run(["restore", "orders", "--to", "again"])
    #expect(again.status == 1 && again.errors.contains("cannot be used"), "\(again.errors)")
    #expect(try Files.read(scene.folder.path("again/dump")) == dump)
    // With the repository gone a copy takes its place; and the other way round it is made anew.
    _ = try Program.run(["mv", scene.repository, scene.folder.path("gone")])
    let second = scene.folder.path("second")
    let third = try scene.run(["restore", "orders", "--to", "third", "--repository", second])
    #expect(third.status == 1 && third.errors.contains("cannot be used"), "\(third.errors)")
    #expect(try Files.read(scene.folder.path("third/dump")) == dump)
    #expect(try scene.run(["copy", "orders", "--repository", second, "--to", scene.repository]).status == 0)
    #expect(try Program.run(["diff", "-r", scene.repository, second]).text == "")
  }

  @Test("what is damaged in the repository is named and not copied, the rest is")
  func damagedSource() throws {
    let (_, flipped) = try damage()
    let made = try scene.run(["copy", "--repository", scene.repository, "--to", copy])
    #expect(made.status == 6)
    for path in flipped { #expect(made.text.contains("\(path) in \(scene.repository)")) }
    #expect(made.text.contains("DAMAGED"))
    #expect(Set(Files.tree(copy)) == Set(Files.tree(scene.repository)).subtracting(flipped))
  }

  @Test("a copy needs a place, which is neither the repository itself nor another one")
  func refusals() throws {
    #expect(try scene.run(["copy", "--repository", scene.repository]).status == 2)
    #expect(try scene.run(["copy", "--to", copy]).status == 2)
    for place in [scene.repository, "\(scene.repository)/../repository"] {
      #expect(try scene.run(["copy", "--repository", scene.repository, "--to", place]).status == 2)
    }
    #expect(try scene.run(["copy", "--repository", scene.folder.path("none"), "--to", copy]).status == 4)
    let other = try Scene()
    let refused = try scene.run(["copy", "--repository", scene.repository, "--to", other.repository])
    #expect(refused.status == 9 && refused.errors.contains("another repository"))
  }
}
