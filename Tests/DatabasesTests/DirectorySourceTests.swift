import Bytes
import Databases
import Glibc
import Pipeline
import Profiles
import Testing

@Suite("A directory as a source")
struct DirectorySourceTests {
  private func dump(
    _ path: String, exclude: [String] = [], _ sink: KeepingSink = KeepingSink()
  ) throws -> (DumpOutcome, KeepingSink) {
    let source = DirectorySource(DirectorySettings(path: path, exclude: exclude))
    _ = try source.prepare(stop: StopSignal())
    return (try source.dump(into: sink, stop: StopSignal()), sink)
  }

  @Test("hands over files, folders and links, sorted by bytes, a folder before what is in it")
  func walk() throws {
    let folder = TestFolder()
    Shell.run(
      [
        "sh", "-c",
        """
        cd "$1"; mkdir -p a/b empty; printf 1 > a/x; printf 22 > a.b; printf 3 > a/b/z; printf 4 > B; ln -s a/x link
        ln -s /nowhere dangling; chmod 4711 B; touch -d @1000000000.5 B; printf é > "$(printf 'n\\303\\251')"
        printf f > "$(printf 'n\\377')"; printf g > 'new
        line'
        """, "sh", folder.path,
      ])
    let (outcome, sink) = try dump(folder.path)
    #expect(outcome.verdict == .complete)
    #expect(outcome.warnings.isEmpty)
    #expect(
      sink.order == [
        "B", "a", "a/b", "a/b/z", "a/x", "a.b", "dangling", "empty", "link", "new\nline", "né", "n\u{fffd}",
      ])
    let file = try #require(sink.streams.first { $0.stream.name == [0x42] })
    #expect(file.bytes == [0x34])
    #expect(file.stream.mode == 0o4711)
    #expect(file.stream.modified == 1_000_000_000_500_000_000)
    #expect(file.stream.owner == geteuid())
    #expect(file.stream.expectedLength == 1)
    #expect(sink.streams.contains { $0.stream.name == [0x6e, 0xff] && $0.bytes == [0x66] })
    let link = try #require(sink.entries.first { $0.name == Array("link".utf8) })
    #expect(link.kind == .symbolicLink(target: Array("a/x".utf8)))
  }

  @Test("leaves out what its globs name, folders with all that is in them")
  func exclude() throws {
    let folder = TestFolder()
    Shell.run(
      [
        "sh", "-c", "cd $1; mkdir -p cache/x s/cache s/t; touch cache/x/y s/cache/z s/t/a.tmp s/t/b a.tmp s/b cached",
        "sh", folder.path,
      ])
    #expect(
      try dump(folder.path, exclude: ["*.tmp", "/cache/"]).1.order == [
        "cached", "s", "s/b", "s/cache", "s/cache/z", "s/t", "s/t/b",
      ])
    #expect(try dump(folder.path, exclude: ["cache/", "s/*"]).1.order == ["a.tmp", "cached", "s"])
    #expect(try dump(folder.path, exclude: ["cached/", "s/**", "cache"]).1.order == ["a.tmp", "cached", "s"])
    #expect(
      try dump(folder.path, exclude: ["s/*/b", "[cs]/*", "a*"]).1.order
        == ["cache", "cache/x", "cache/x/y", "cached", "s"].filter {
          !$0.hasPrefix("cache/") || $0 == "cache/x" || $0 == "cache/x/y"
        })
  }

  @Test("names what it can't store, and goes on")
  func special() throws {
    let folder = TestFolder()
    mkfifo("\(folder.path)/pipe", 0o600)
    _ = folder.file("z", "z")
    let (outcome, sink) = try dump(folder.path)
    #expect(outcome.verdict == .complete)
    #expect(outcome.warnings == ["not stored, for it is no file, folder or link: pipe"])
    #expect(sink.order == ["z"])
  }

  @Test("warns of a file that changes while it is read, and of one that vanishes")
  func changes() throws {
    let folder = TestFolder()
    let first = folder.file("a", "12345")
    let second = folder.file("b", "x")
    let sink = KeepingSink()
    sink.before = { stream in
      if stream.name == [0x61] {
        _ = Shell.run(["sh", "-c", "echo more >> \"$1\"; rm \"$2\"", "sh", first, second])
      }
    }
    let (outcome, _) = try dump(folder.path, sink)
    #expect(outcome.verdict == .complete)
    #expect(outcome.warnings == ["changed while it was read: a", "vanished before it was read: b"])
  }

  @Test("is quarantined when a file can't be read to its end, and the other files are stored")
  func unreadable() throws {
    let folder = TestFolder()
    _ = folder.file("a", "1")
    _ = folder.file("b", "2")
    let sink = KeepingSink()
    sink.readingProblems = ["a": "input/output error"]
    let (outcome, _) = try dump(folder.path, sink)
    #expect(outcome.reasons == ["can't be read to its end: a: input/output error"])
    #expect(sink.order == ["a", "b"])
  }

  @Test("is quarantined when a file may not be read", .enabled(if: geteuid() != 0, "root may read everything"))
  func forbidden() throws {
    let folder = TestFolder()
    chmod(folder.file("a", "1"), 0)
    #expect(try dump(folder.path).0.reasons == ["can't be read: a: permission denied"])
  }

  @Test("is quarantined, not followed, when it is nested too deep for the descriptors of a process")
  func deep() throws {
    let folder = TestFolder()
    let line = "cd \"$1\"; i=0; while [ $i -lt 260 ]; do mkdir d; cd -P ./d || exit 1; i=$((i+1)); done"
    Shell.run(["sh", "-c", line, "sh", folder.path])
    let (outcome, sink) = try dump(folder.path)
    #expect(outcome.reasons.count == 1)
    #expect(outcome.reasons.first?.hasPrefix("nested deeper than 256 folders: d/d/") == true)
    #expect(sink.entries.count == 256)
  }

  @Test("keeps a bounded list of warnings however many there are")
  func manyWarnings() throws {
    let folder = TestFolder()
    for index in 0..<150 { mkfifo("\(folder.path)/p\(index)", 0o600) }
    let (outcome, _) = try dump(folder.path)
    #expect(outcome.warnings.count == 101)
    #expect(outcome.warnings.last == "and 50 more")
  }

  @Test("that is missing or a file prevents the dump")
  func missing() {
    let folder = TestFolder()
    #expect(throws: Failure.self) { try dump("\(folder.path)/nowhere") }
    #expect(throws: Failure.self) { try dump(folder.file("file", "x")) }
  }
}
