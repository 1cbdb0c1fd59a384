import Bytes
import Databases
import Engine
import Format
import Glibc
import Pipeline
import Profiles
import Repository
import TestKit
import Testing

extension EngineTests {
  @Suite("folders out and back")
  struct DirectoryTests {
    private func source(_ path: String) -> DirectorySource { DirectorySource(DirectorySettings(path: path)) }

    @Test("a tree with odd names, links, modes and times comes back as it was")
    func oddTree() throws {
      let bench = try Bench()
      let tree = bench.folder.path("tree")
      mkdir(tree, 0o755)
      try DirectoryTests.fill(try Descriptor.open(tree, O_RDONLY | O_DIRECTORY))
      let report = try bench.backup(source(tree))
      #expect(report.snapshot.reasons.isEmpty && report.warnings.isEmpty)

      let back = bench.folder.path("back")
      #expect(try bench.restore(into: try FolderSink(back)).differences.isEmpty)
      #expect(try Tree.differences(tree, back).isEmpty)
      #expect(try !Tree.entries(tree).isEmpty)
      try FileTree.remove(tree)
      try FileTree.remove(back)
    }

    private static func fill(_ root: consuming Descriptor) throws {
      var random = RandomSource(seed: 7)
      try Tree.file(root, Array("empty".utf8), [])
      try Tree.file(root, Array("with space".utf8), random.bytes(1))
      try Tree.file(root, Array("new\nline".utf8), random.bytes(1000))
      try Tree.file(root, [0xff, 0xfe, 0x80], random.bytes(70_000))
      try Tree.file(root, Array("é".utf8), random.bytes(64))
      try Tree.file(root, Array("e\u{301}".utf8), random.bytes(65))
      try Tree.file(root, Array("-rf".utf8), random.bytes(10), mode: 0o400)
      try Tree.file(root, Array("nobody".utf8), random.bytes(10), mode: 0)
      try Tree.file(root, Array("set-user".utf8), random.bytes(10), mode: 0o4755)
      try Tree.file(root, Array(repeating: UInt8(ascii: "n"), count: 255), random.bytes(3 << 20))
      try Tree.file(root, Array(".lifeboat-restore".utf8), random.bytes(10))
      for (name, target) in [
        ("dangling", "nowhere/at all"), ("absolute", "/etc/passwd"), ("to-folder", "folder"), ("up", "../.."),
      ] {
        Tree.at(root, Array(name.utf8)) { symlinkat(target, $0, $1) }
      }
      _ = try Tree.folder(root, Array("hollow".utf8))
      let folder = try Tree.folder(root, Array("folder".utf8))
      try Tree.file(folder, Array("inner".utf8), random.bytes(5000))
      var times = [timespec(tv_sec: -86_400, tv_nsec: 5), timespec(tv_sec: -86_400, tv_nsec: 123_456_789)]
      Tree.at(root, Array("empty".utf8)) { utimensat($0, $1, &times, 0) }
      times = [timespec(tv_sec: 4_000_000_000, tv_nsec: 1), timespec(tv_sec: 4_000_000_000, tv_nsec: 999_999_999)]
      Tree.at(root, Array("folder".utf8)) { utimensat($0, $1, &times, 0) }
      let closed = try Tree.folder(root, Array("closed".utf8))
      try Tree.file(closed, Array("inner".utf8), [1])
      Tree.at(root, Array("closed".utf8)) { fchmodat($0, $1, 0o1500, 0) }
      try deepen(root, levels: 100)
    }

    private static func deepen(_ folder: borrowing Descriptor, levels: Int) throws {
      try Tree.file(folder, Array("leaf".utf8), Array("level \(levels)".utf8))
      guard levels > 0 else { return }
      let inner = try Tree.folder(folder, Array("level-\(levels)".utf8))
      try deepen(inner, levels: levels - 1)
    }

    @Test("five thousand small files come back, and a second run stores next to nothing")
    func manyFiles() throws {
      let bench = try Bench()
      let tree = bench.folder.path("tree")
      mkdir(tree, 0o755)
      var random = RandomSource(seed: 8)
      for group in 0..<50 {
        mkdir("\(tree)/group-\(group)", 0o755)
        for number in 0..<100 {
          try Files.write("\(tree)/group-\(group)/file-\(number)", random.bytes(random.number(in: 0...3000)))
        }
      }
      let report = try bench.backup(source(tree))
      #expect(report.snapshot.catalogue.streams == 5050)
      let second = try bench.backup(source(tree))
      #expect(second.snapshot.statistics.newBytes == 0)
      #expect(second.snapshot.catalogue.name == report.snapshot.catalogue.name)
      try bench.restore(into: try FolderSink(bench.folder.path("back")))
      #expect(try Tree.differences(tree, bench.folder.path("back")).isEmpty)
    }

    @Test("a path that no reader would take makes the dump less than whole, and the rest comes back")
    func longPath() throws {
      let bench = try Bench()
      let tree = bench.folder.path("tree")
      mkdir(tree, 0o755)
      do {
        let root = try Descriptor.open(tree, O_RDONLY | O_DIRECTORY)
        try Tree.file(root, Array("short".utf8), [1, 2, 3])
        try DirectoryTests.lengthen(root, levels: 20)
      }
      let report = try bench.backup(source(tree))
      #expect(report.snapshot.verdict == .quarantined)
      try bench.restore(report.name, into: try FolderSink(bench.folder.path("back")))
      #expect(try Files.read(bench.folder.path("back/short")) == [1, 2, 3])
      try FileTree.remove(tree)
      try FileTree.remove(bench.folder.path("back"))
    }

    private static func lengthen(_ folder: borrowing Descriptor, levels: Int) throws {
      guard levels > 0 else { return try Tree.file(folder, Array("leaf".utf8), [1]) }
      let inner = try Tree.folder(folder, Array(repeating: UInt8(ascii: "l"), count: 250))
      try lengthen(inner, levels: levels - 1)
    }
  }
}
