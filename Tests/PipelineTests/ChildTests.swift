import Bytes
import Glibc
import Pipeline
import Synchronization
import TestKit
import Testing

private func shell(_ script: String, _ arguments: String...) -> ChildCommand {
  ChildCommand("sh", ["-c", script, "sh"] + arguments)
}

private func text(_ child: Child) throws -> String {
  var bytes: [UInt8] = []
  var part = Buffer(capacity: 65_536)
  while true {
    part.count = try part.withCapacity { try child.read(into: $0) }
    if part.count == 0 { return String(decoding: bytes, as: UTF8.self) }
    part.withBytes { bytes.append(contentsOf: $0) }
  }
}

/// Whether a process is there and no zombie.
private func isRunning(_ process: pid_t) -> Bool {
  guard let bytes = try? Files.read("/proc/\(process)/stat") else { return false }
  let fields = String(decoding: bytes, as: UTF8.self).split(separator: ")").last?.split(separator: " ")
  return fields?.first != "Z"
}

/// Waits for something that must come; gives up only so that a failing test does not hang.
func waitUntil(_ condition: () throws -> Bool) throws {
  for _ in 0..<15_000 {
    if try condition() { return }
    usleep(2000)
  }
  throw Failure(.defect, "what the test waits for did not come")
}

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

@Suite("Children: how they end")
struct ChildEndTests {
  /// A shell that runs another shell that sleeps, and prints both numbers.
  private let tree = "sh -c 'echo $$; exec sleep 1000' & echo $$; wait"

  private func processes(_ child: Child, _ count: Int) throws -> [pid_t] {
    var bytes: [UInt8] = []
    while bytes.filter({ $0 == 10 }).count < count {
      var room = [UInt8](repeating: 0, count: 100)
      let read = try room.withUnsafeMutableBytes { try child.read(into: $0) }
      bytes += room[..<read]
    }
    return String(decoding: bytes, as: UTF8.self).split(separator: "\n").compactMap { Int32($0) }
  }

  @Test("a stop ends the whole tree, and wait throws its reason")
  func stopped() throws {
    let stop = StopSignal()
    let child = try Child.start(shell(tree), stop: stop)
    let found = try processes(child, 2)
    #expect(found.allSatisfy(isRunning) && found.count == 2)
    let reason = Failure(.interrupted, "enough")
    stop.stop(because: reason)
    #expect(throws: reason) { try child.wait() }
    #expect(!found.contains(where: isRunning))
    #expect(waitpid(child.processID, nil, WNOHANG) == -1 && errno == ECHILD)
  }

  @Test("dropping a child ends and reaps the whole tree")
  func dropped() throws {
    var child: Child? = try Child.start(shell(tree), stop: StopSignal())
    let found = try processes(try #require(child), 2)
    let process = try #require(child?.processID)
    child = nil
    #expect(!found.contains(where: isRunning))
    #expect(waitpid(process, nil, WNOHANG) == -1 && errno == ECHILD)
  }

  @Test("who ignores SIGTERM is killed after the grace")
  func stubborn() throws {
    var command = shell(
      "trap '' TERM; (trap '' TERM; echo $$; while :; do sleep 1000; done) & echo $!; wait; while :; do sleep 1000; done"
    )
    command.grace = 50_000_000
    let child = try Child.start(command, stop: StopSignal())
    let found = try processes(child, 2)
    child.terminate()
    #expect(try child.wait() == .signalled(SIGKILL))
    #expect(!found.contains(where: isRunning))
  }

  @Test("a child that ends by itself leaves nobody of its group behind")
  func leftover() throws {
    let child = try Child.start(shell("sleep 1000 >/dev/null 2>&1 & echo $!"), stop: StopSignal())
    let found = try processes(child, 1)
    #expect(try child.wait().succeeded)
    #expect(!found.contains(where: isRunning))
  }

  @Test("who leaves the group and keeps the pipes does not hold us up")
  func escaped() throws {
    let folder = TemporaryFolder()
    let script =
      "setsid sh -c 'echo $$ > \"$1\"; exec sleep 1000' sh \"$1\" & while [ ! -s \"$1\" ]; do sleep 0.01; done; echo done >&2"
    let child = try Child.start(shell(script, folder.path("pid")), stop: StopSignal())
    #expect(try child.wait().succeeded)
    #expect(child.errorText == "done\n")
    let escaped = try #require(Int32(String(decoding: try Files.read(folder.path("pid")).dropLast(), as: UTF8.self)))
    kill(escaped, SIGKILL)
  }

  @Test("nothing starts after the stop")
  func late() {
    let stop = StopSignal()
    stop.stop(because: Failure(.interrupted, "enough"))
    #expect(throws: Failure.self) { try Child.start(ChildCommand("true"), stop: stop) }
  }

  @Test("children started by threads that are gone live on")
  func startedElsewhere() throws {
    let children = Mutex<[Child]>([])
    let stop = StopSignal()
    Threads.run(named: "starter", stop: stop) {
      let child = try Child.start(shell("read line; exit 5"), stop: stop)
      children.withLock { $0.append(child) }
      var command = shell("sleep 0.05; exit 6")
      command.input = .nothing
      let slow = try Child.start(command, stop: stop)
      children.withLock { $0.append(slow) }
    }.join()
    let exits = try children.withLock { try $0.map { try $0.wait() } }
    #expect(exits == [.exited(5), .exited(6)])
  }

  @Test("a hundred children at once are all served and reaped")
  func many() throws {
    let stop = StopSignal()
    let threads = (0..<100).map { number in
      Threads.run(named: "runner", stop: stop) {
        let result = try Child.run(shell("echo $1; exit $1", "\(number)"), stop: stop)
        guard result.text == "\(number)", result.exit == .exited(Int32(number)) else {
          throw Failure(.defect, "child \(number): \(result)")
        }
      }
    }
    for thread in threads { thread.join() }
    try stop.check()
  }
}

private let parked = Counter()

@Suite("Whole processes: signals and sudden death")
struct ProcessTests {
  @Test("plays a process that has a child and hangs", .enabled(if: Role.isPlayed("playsParent")))
  func playsParent() throws {
    let child = try Child.start(ChildCommand("sleep", ["1000"]), stop: StopSignal())
    try Files.write(Role.detail + ".part", Array("\(child.processID)".utf8))
    rename(Role.detail + ".part", Role.detail)
    _ = try child.wait()
  }

  @Test("when this process dies without a word the kernel kills its children")
  func parentDeath() throws {
    let folder = TemporaryFolder()
    let command = Role.arguments(playing: "playsParent", detail: folder.path("pid"))
    let parent = try Child.start(ChildCommand(command[0], Array(command.dropFirst())), stop: StopSignal())
    try waitUntil { Files.exists(folder.path("pid")) }
    let child = try #require(Int32(String(decoding: try Files.read(folder.path("pid")), as: UTF8.self)))
    // Until the program itself runs, the signal may not be set up.
    try waitUntil { (try? Files.read("/proc/\(child)/comm")) == Array("sleep\n".utf8) }
    kill(parent.processID, SIGKILL)
    #expect(try parent.wait() == .signalled(SIGKILL))
    try waitUntil { !isRunning(child) }
  }

  @Test("plays a process that waits for a signal", .enabled(if: Role.isPlayed("playsInterrupted")))
  func playsInterrupted() throws {
    SignalWatch.prepare()
    parkMainThread()
    let stop = StopSignal()
    SignalWatch.start(stopping: stop)
    let queue = BoundedQueue<Int>(capacity: 1, stop: stop)
    try Files.write(Role.detail, [])
    do throws(Failure) { _ = try queue.receive() } catch { try Files.write(Role.detail, Array(error.what.utf8)) }
    try Files.write(Role.detail + ".stopped", [])
    // Stays, as a run whose clean end takes its time.
    _ = try BoundedQueue<Int>(capacity: 1, stop: StopSignal()).receive()
  }

  /// The main thread of a test program waits in `sigsuspend` with every signal let in, and would die of ours before
  /// the watching thread sees it. A handler that never returns, and that holds them back, keeps it out of the way.
  private func parkMainThread() {
    var action = sigaction()
    for number in [SIGINT, SIGTERM, SIGHUP] { sigaddset(&action.sa_mask, number) }
    #expect(parked.value == 0)
    action.__sigaction_handler.sa_handler = { _ in
      parked.add()
      while true { sleep(1000) }
    }
    sigaction(SIGUSR1, &action, nil)
    kill(getpid(), SIGUSR1)
    while parked.value == 0 { usleep(1000) }
  }

  @Test(
    "SIGINT, SIGTERM and SIGHUP stop a run", arguments: [(SIGINT, "SIGINT"), (SIGTERM, "SIGTERM"), (SIGHUP, "SIGHUP")])
  func interrupted(number: Int32, name: String) throws {
    let (process, file, folder) = try startInterrupted()
    kill(process.processID, number)
    try waitUntil { Files.exists(file + ".stopped") }
    #expect(try String(decoding: Files.read(file), as: UTF8.self) == "interrupted by \(name)")
    // Service managers repeat themselves: that changes nothing.
    kill(process.processID, SIGTERM)
    kill(process.processID, SIGHUP)
    #expect(isRunning(process.processID))
    kill(process.processID, SIGKILL)
    _ = try process.wait()
    withExtendedLifetime(folder) {}
  }

  @Test("a second SIGINT ends the process at once with the status of an interruption")
  func twice() throws {
    let (process, file, folder) = try startInterrupted()
    kill(process.processID, SIGINT)
    try waitUntil { Files.exists(file + ".stopped") }
    kill(process.processID, SIGINT)
    #expect(try process.wait() == .exited(7))
    withExtendedLifetime(folder) {}
  }

  private func startInterrupted() throws -> (Child, String, TemporaryFolder) {
    let folder = TemporaryFolder()
    let file = folder.path("file")
    let command = Role.arguments(playing: "playsInterrupted", detail: file)
    let process = try Child.start(ChildCommand(command[0], Array(command.dropFirst())), stop: StopSignal())
    try waitUntil { Files.exists(file) }
    return (process, file, folder)
  }
}
