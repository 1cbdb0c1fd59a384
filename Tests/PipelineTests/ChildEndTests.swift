import Bytes
import Glibc
import Pipeline
import Synchronization
import TestKit
import Testing

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
