import Bytes
import Glibc
import Pipeline
import TestKit
import Testing

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
