import Bytes
import Glibc
import Pipeline
import Synchronization
import TestKit
import Testing

@Suite("Children: what goes in and what comes out")
struct ChildTests {
  private let stop = StopSignal()

  @Test("output, errors and exit status arrive")
  func basics() throws {
    let result = try Child.run(shell("echo out; echo err >&2; exit 3"), stop: stop)
    #expect(result.text == "out")
    #expect(result.output == Array("out\n".utf8))
    #expect(result.errorText == "err\n")
    #expect(result.exit == .exited(3))
    #expect(!result.exit.succeeded)
    #expect(result.exit.description == "exit status 3")
  }

  @Test("a child that a signal kills is told apart from one that exits")
  func signalled() throws {
    let result = try Child.run(shell("kill -KILL $$"), stop: stop)
    #expect(result.exit == .signalled(SIGKILL))
    #expect(result.exit.description == "killed by SIGKILL")
    // 128 + 9 is how a shell speaks of it; only the system's word counts.
    #expect(try Child.run(shell("exit 137"), stop: stop).exit == .exited(137))
  }

  @Test("bytes go in, also more than a pipe holds, and a child that ignores them is no error")
  func input() throws {
    var random = RandomSource(seed: 11)
    let bytes = random.bytes(3 << 20)
    var command = ChildCommand("cat")
    command.input = .bytes(bytes)
    #expect(try Child.run(command, limit: 4 << 20, stop: stop).output == bytes)
    var deaf = ChildCommand("true")
    deaf.input = .bytes(bytes)
    #expect(try Child.run(deaf, stop: stop).exit.succeeded)
  }

  @Test("a child can be written to and its input ended")
  func writing() throws {
    var command = ChildCommand("wc", ["-c"])
    command.input = .pipe
    let child = try Child.start(command, stop: stop)
    let bytes = [UInt8](repeating: 1, count: 300_000)
    for _ in 0..<3 { try bytes.withUnsafeBytes { try child.write($0) } }
    child.closeInput()
    #expect(try text(child) == "900000\n")
    #expect(try child.wait().succeeded)
    #expect(try child.wait().succeeded)
  }

  @Test("writing to a child that has gone is an error, not a death")
  func brokenPipe() throws {
    var command = shell("exec <&-; echo closed; exec sleep 1000")
    command.input = .pipe
    let child = try Child.start(command, stop: stop)
    var room = [UInt8](repeating: 0, count: 16)
    _ = try room.withUnsafeMutableBytes { try child.read(into: $0) }
    // A child that is just being started holds a copy of every pipe for a moment: write until it hurts.
    let error = #expect(throws: Failure.self) {
      try waitUntil {
        try [UInt8(1)].withUnsafeBytes { try child.write($0) }
        return false
      }
    }
    #expect(error?.what == "the reader of the output went away")
    child.terminate()
    #expect(try child.wait() == .signalled(SIGTERM))
  }

  @Test("output may go to a descriptor, and input come from one")
  func descriptors() throws {
    let folder = TemporaryFolder()
    try Files.write(folder.path("in"), Array("moo".utf8))
    let source = try Descriptor.open(folder.path("in"), O_RDONLY)
    let target = try Descriptor.open(folder.path("out"), O_WRONLY | O_CREAT)
    var command = ChildCommand("cat")
    command.input = .descriptor(source.number)
    command.output = .descriptor(target.number)
    #expect(try Child.start(command, stop: stop).wait().succeeded)
    #expect(try Files.read(folder.path("out")) == Array("moo".utf8))
  }

  @Test("a gigabyte passes while the child never stops complaining")
  func chatty() throws {
    let command = shell(
      "head -c 1073741824 /dev/zero & while kill -0 $! 2>/dev/null; do head -c 200000 /dev/zero >&2; done; wait $!")
    let child = try Child.start(command, stop: stop)
    var total = 0
    var part = Buffer(capacity: 1 << 20)
    while true {
      let count = try part.withCapacity { try child.read(into: $0) }
      if count == 0 { break }
      total += count
    }
    #expect(total == 1 << 30)
    #expect(try child.wait().succeeded)
    #expect(child.errorText.utf8.count == 65_536)
  }

  @Test("the last errors are kept, and every line is told as it comes")
  func errorLines() throws {
    let lines = Mutex<[String]>([])
    var command = shell(
      "i=0; while [ $i -lt 20000 ]; do echo \"line $i\"; i=$((i+1)); done >&2; printf 'a\\rb\\n\\nlast' >&2")
    command.onErrorLine = { line in lines.withLock { $0.append(line) } }
    let result = try Child.run(command, stop: stop)
    #expect(lines.withLock { $0 } == (0..<20_000).map { "line \($0)" } + ["a", "b", "last"])
    #expect(result.errorText.utf8.count == 65_536)
    #expect(result.errorText.hasSuffix("line 19999\na\rb\n\nlast"))
  }

  @Test("more output than allowed ends the child")
  func limit() throws {
    let error = #expect(throws: Failure.self) {
      try Child.run(ChildCommand("yes", failing: .targetRefused), limit: 100_000, stop: stop)
    }
    #expect(error?.code == .targetRefused)
    #expect(error?.what == "yes printed more than 100000 bytes")
  }

  @Test("a command that isn't there is named, with the command's own code")
  func notFound() throws {
    for name in ["no-such-command-anywhere", "/no/such/command", "/etc/passwd", "/etc"] {
      let error = #expect(throws: Failure.self) {
        try Child.start(ChildCommand(name, failing: .targetRefused), stop: stop)
      }
      #expect(error?.code == .targetRefused)
      #expect(error?.what.contains(name) == true)
      #expect(error?.next.isEmpty == false)
    }
    #expect(throws: Failure.self) { try Child.start(ChildCommand(""), stop: stop) }
    #expect(throws: Failure.self) { try Child.start(ChildCommand("echo", ["a\0b"]), stop: stop) }
  }

  @Test("the environment is inherited, changed, or given")
  func environment() throws {
    setenv("LIFEBOAT_TEST_INHERITED", "yes", 1)
    let script = "echo ${LIFEBOAT_TEST_INHERITED-none} ${EXTRA-none} ${HOME-none}"
    var command = shell(script)
    command.environment = .inherited(setting: ["EXTRA": "a b=c"], removing: ["HOME"])
    #expect(try Child.run(command, stop: stop).text == "yes a b=c none")
    command.environment = .only(["EXTRA": "only"])
    #expect(try Child.run(command, stop: stop).text == "none only none")
    command.environment = .only(["A=B": "malformed"])
    #expect(throws: Failure.self) { try Child.start(command, stop: stop) }
  }

  @Test("programs are found with an empty PATH, and never in a relative folder")
  func path() throws {
    let folder = TemporaryFolder()
    try Files.write(folder.path("true"), Array("#!/bin/sh\nexit 7\n".utf8))
    chmod(folder.path("true"), 0o700)
    var command = ChildCommand("true")
    command.folder = folder.path
    for path in ["", ".", ":", "relative:"] {
      command.environment = .inherited(setting: ["PATH": path])
      #expect(try Child.run(command, stop: stop).exit == .exited(0))
    }
    command.environment = .inherited(setting: ["PATH": folder.path])
    #expect(try Child.run(command, stop: stop).exit == .exited(7))
  }

  @Test("the working directory is the child's own")
  func folder() throws {
    let folder = TemporaryFolder()
    var command = ChildCommand("pwd", ["-P"])
    command.folder = folder.path
    #expect(try Child.run(command, stop: stop).text.hasSuffix(folder.path))
    command.folder = folder.path("missing")
    let error = #expect(throws: Failure.self) { try Child.start(command, stop: stop) }
    #expect(error?.place == folder.path("missing"))
  }

  @Test("a child has the three standard descriptors and no other of ours")
  func descriptorsClosed() throws {
    // Deliberately without O_CLOEXEC: even what another library opens must not leak.
    let leak = open("/dev/null", O_RDONLY)
    defer { close(leak) }
    let result = try Child.run(shell("ls /proc/$$/fd"), stop: stop)
    #expect(result.text.split(separator: "\n") == ["0", "1", "2"])
  }

  @Test("a child starts with no blocked and no ignored signals, in a group of its own")
  func signals() throws {
    signal(SIGPIPE, SIG_IGN)
    let child = try Child.start(
      shell("grep -E '^Sig(Blk|Ign)' /proc/self/status; cut -d' ' -f5 /proc/$$/stat"), stop: stop)
    let lines = try text(child).split(separator: "\n")
    #expect(lines.count == 3)
    #expect(lines.first == "SigBlk:\t0000000000000000")
    // Signals 32 and 33 are glibc's own; it ignores them in every child.
    #expect(UInt64(lines[1].suffix(16), radix: 16).map { $0 & 0x7fff_ffff } == 0)
    #expect(lines[2] == "\(child.processID)")
    #expect(try child.wait().succeeded)
  }
}
