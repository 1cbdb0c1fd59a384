import Bytes
import Databases
import Glibc
import Pipeline
import Profiles
import Testing

@Suite("A command as a source")
struct CommandSourceTests {
  private func dump(_ settings: CommandSettings) throws -> (DumpOutcome, [UInt8]) {
    let sink = KeepingSink()
    let stop = StopSignal()
    let source = CommandSource(settings)
    _ = try source.prepare(stop: stop)
    let outcome = try source.dump(into: sink, stop: stop)
    #expect(sink.streams.count == 1)
    return (outcome, sink.streams.first?.bytes ?? [])
  }

  private func shell(_ line: String) -> [String] { ["/bin/sh", "-c", line] }

  @Test("that ends well with its marker is complete, and every byte arrives")
  func complete() throws {
    let settings = CommandSettings(
      run: shell("head -c 3000000 /dev/zero; printf 'tail -- done\\n'"), stream: "x.sql", marker: "-- done")
    let (outcome, bytes) = try dump(settings)
    #expect(outcome == DumpOutcome(verdict: .complete))
    #expect(bytes.count == 3_000_013)
  }

  @Test("that fails after its output is quarantined with status and last words")
  func fails() throws {
    let (outcome, bytes) = try dump(
      CommandSettings(run: shell("echo data; echo first >&2; echo 'disk gone' >&2; exit 3")))
    #expect(outcome.reasons == ["the dump command ended with exit status 3: disk gone"])
    #expect(outcome.errorText == "first\ndisk gone\n")
    #expect(bytes == Array("data\n".utf8))
  }

  @Test("that is killed is quarantined with the signal")
  func killed() throws {
    let (outcome, _) = try dump(CommandSettings(run: shell("echo data; kill -KILL $$")))
    #expect(outcome.reasons == ["the dump command ended with killed by SIGKILL"])
  }

  @Test("that lacks its marker is quarantined although it exits 0")
  func marker() throws {
    let (outcome, _) = try dump(
      CommandSettings(run: shell("echo '-- done'; head -c 5000 /dev/zero"), marker: "-- done"))
    #expect(outcome.reasons == [#"the completion marker "-- done" does not stand in the last 4096 bytes"#])
    let (short, _) = try dump(CommandSettings(run: shell("printf x"), marker: "-- done"))
    #expect(short.reasons == [#"the completion marker "-- done" does not stand in the last 1 bytes"#])
  }

  @Test("that prints nothing is quarantined")
  func nothing() throws {
    let (outcome, _) = try dump(CommandSettings(run: shell("true")))
    #expect(outcome.reasons == ["the dump command printed nothing"])
  }

  @Test("gets its environment and folder, and its secrets appear nowhere")
  func environment() throws {
    let folder = TestFolder()
    let secret = folder.file("secret", "hunter2-file\nsecond line\n")
    setenv("LIFEBOAT_TEST_SECRET", "hunter3-variable", 1)
    let settings = CommandSettings(
      run: shell(
        "echo \"$A,$B,$C,$PASSWORD,$(pwd)\"; echo \"$A $B $C $PASSWORD postgres://u:hunter5@h/d\" >&2; exit 1"),
      environment: [
        EnvironmentSetting(name: "A", value: .reference(.file(secret))),
        EnvironmentSetting(name: "B", value: .reference(.environment("LIFEBOAT_TEST_SECRET"))),
        EnvironmentSetting(name: "C", value: .reference(.command(["printf", "hunter4-command\\n"]))),
        EnvironmentSetting(name: "PASSWORD", value: .literal("hunter6-literal")),
      ], directory: folder.path)
    let (outcome, bytes) = try dump(settings)
    let expected = "hunter2-file,hunter3-variable,hunter4-command,hunter6-literal,\(folder.path)\n"
    #expect(String(decoding: bytes, as: UTF8.self) == expected)
    #expect(outcome.errorText == "*** *** *** *** postgres://u:***@h/d\n")
    #expect(outcome.reasons.joined().contains("hunter") == false)
  }

  @Test("that isn't there prevents the dump, and so do a missing secret and a failing version")
  func missing() throws {
    let stop = StopSignal()
    let missing = CommandSource(CommandSettings(run: ["/nowhere/dump"]))
    #expect(throws: Failure.self) { try missing.prepare(stop: stop) }
    let sink = KeepingSink()
    #expect(throws: Failure.self) {
      try CommandSource(CommandSettings(run: ["no-such-dump-tool"])).dump(into: sink, stop: stop)
    }
    #expect(sink.streams.isEmpty)
    let reference = EnvironmentSetting(name: "A", value: .reference(.command(["sh", "-c", "echo secret; exit 1"])))
    let failure = #expect(throws: Failure.self) {
      try CommandSource(CommandSettings(run: ["true"], environment: [reference])).prepare(stop: stop)
    }
    #expect(failure?.code == .keyInvalid)
    #expect(failure?.place == "source.environment.A: sh")
    let engine = EngineSettings(name: "x", version: ["false"])
    #expect(throws: Failure.self) {
      try CommandSource(CommandSettings(run: ["true"], engine: engine)).prepare(stop: stop)
    }
  }

  @Test("says its engine's version, and of a shell line only the first word")
  func description() throws {
    let engine = EngineSettings(name: "sqlite", version: ["printf", "3.40 of today\nmore"])
    let settings = CommandSettings(run: shell("dump-it --user x"), engine: engine, expectedSize: ByteCount(77))
    let description = try CommandSource(settings).prepare(stop: StopSignal())
    #expect(description.engine == "sqlite")
    #expect(description.version == "3.40 of today")
    #expect(description.identity == "dump-it")
    #expect(description.expectedSize == 77)
    #expect(description.notes.count == 1)
  }

  @Test("ends with the run: a stop wakes the reader and kills the program")
  func stopped() {
    let stop = StopSignal()
    let sink = KeepingSink(stop: stop)
    sink.before = { _ in stop.stop(because: Failure(.interrupted, "enough")) }
    let failure = #expect(throws: Failure.self) {
      try CommandSource(CommandSettings(run: ["sleep", "1000"])).dump(into: sink, stop: stop)
    }
    #expect(failure?.code == .interrupted)
  }

  @Test("whose sink fails is ended, and the sink's failure is told")
  func sinkFails() {
    let sink = KeepingSink()
    sink.failure = Failure(.storeFull, "full")
    let failure = #expect(throws: Failure.self) {
      try CommandSource(CommandSettings(run: ["yes"])).dump(into: sink, stop: StopSignal())
    }
    #expect(failure?.code == .storeFull)
  }
}

@Suite("Standard input as a source")
struct StandardInputSourceTests {
  private func dump(_ text: String, marker: String? = nil) throws -> (SourceDescription, DumpOutcome, [UInt8]) {
    let folder = TestFolder()
    let file = try Descriptor.open(folder.file("input", text), O_RDONLY)
    let source = StandardInputSource(StandardInputSettings(stream: "in", marker: marker), descriptor: file.number)
    let sink = KeepingSink()
    let description = try source.prepare(stop: StopSignal())
    let outcome = try source.dump(into: sink, stop: StopSignal())
    return (description, outcome, sink.streams.first?.bytes ?? [])
  }

  @Test("is complete with its marker, quarantined without it or when nothing arrives")
  func verdicts() throws {
    let (description, outcome, bytes) = try dump("some data END\n", marker: "END")
    #expect(outcome.verdict == .complete)
    #expect(bytes == Array("some data END\n".utf8))
    #expect(description.notes.isEmpty)
    #expect(try dump("some data").0.notes.count == 1)
    #expect(try dump("some data").1.verdict == .complete)
    #expect(try dump("").1.reasons == ["nothing arrived on standard input"])
    #expect(try dump("some data EN", marker: "END").1.reasons.count == 1)
  }

  @Test("is refused where it is closed or a terminal")
  func refused() throws {
    #expect(throws: Failure.self) {
      try StandardInputSource(StandardInputSettings(), descriptor: 9_999).prepare(stop: StopSignal())
    }
    let terminal = try Descriptor.open("/dev/ptmx", O_RDWR | O_NOCTTY)
    let failure = #expect(throws: Failure.self) {
      try StandardInputSource(StandardInputSettings(), descriptor: terminal.number).prepare(stop: StopSignal())
    }
    #expect(failure?.code == .usage)
  }
}
