import Bytes
import Glibc
import Pipeline
import Testing

/// A pipe of a test's own.
struct TestPipe {
  let reading: Int32
  private(set) var writing: Int32

  init() throws {
    var ends: [Int32] = [-1, -1]
    guard pipe(&ends) == 0 else { throw SystemError(call: "pipe", subject: "", number: errno) }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    reading = ends[0]
    writing = ends[1]
  }

  mutating func closeWriting() {
    if writing >= 0 { Glibc.close(writing) }
    writing = -1
  }

  mutating func close() {
    closeWriting()
    Glibc.close(reading)
  }
}

@Suite("Cores and clocks")
struct SystemTests {
  @Test("there is at least one core, and no more than the machine has")
  func count() {
    #expect((1...sysconf(Int32(_SC_NPROCESSORS_CONF))).contains(UsableCores.count()))
  }

  @Test(
    "a quota in microseconds is cores rounded up",
    arguments: [
      ("200000", "100000", 2), ("150000", "100000", 2), ("50000", "100000", 1), ("1000", "100000", 1),
      ("max", "100000", nil), ("-1", "100000", nil), ("0", "100000", nil), ("100000", "0", nil), ("", "", nil),
    ] as [(String, String, Int?)])
  func cores(quota: String, period: String, expected: Int?) {
    #expect(UsableCores.cores(quota: quota, period: period) == expected)
  }

  @Test("version 2: the smallest quota between the group and the root counts")
  func secondVersion() {
    let files = [
      "/sys/fs/cgroup/system.slice/backup.service/cpu.max": "400000 100000\n",
      "/sys/fs/cgroup/system.slice/cpu.max": "300000 100000\n", "/sys/fs/cgroup/cpu.max": "max 100000\n",
    ]
    #expect(UsableCores.quota(membership: "0::/system.slice/backup.service\n") { files[$0] } == 3)
    #expect(UsableCores.quota(membership: "0::/\n") { files[$0] } == nil)
  }

  @Test("version 1: the group of the cpu controller counts, and in a container its root")
  func firstVersion() {
    let membership = "12:memory:/docker/abc\n3:cpu,cpuacct:/docker/abc\n1:name=systemd:/docker/abc\n"
    let folder = "/sys/fs/cgroup/cpu,cpuacct"
    let files = ["\(folder)/cpu.cfs_quota_us": "250000\n", "\(folder)/cpu.cfs_period_us": "100000\n"]
    #expect(UsableCores.quota(membership: membership) { files[$0] } == 3)
    let unlimited = ["\(folder)/cpu.cfs_quota_us": "-1\n", "\(folder)/cpu.cfs_period_us": "100000\n"]
    #expect(UsableCores.quota(membership: membership) { unlimited[$0] } == nil)
  }

  @Test("nonsense in the files means no quota", arguments: ["", "0::", "x", ":::", "0::/a\n\n7:cpu:/"])
  func nonsense(membership: String) {
    #expect(UsableCores.quota(membership: membership) { _ in "what is this" } == nil)
    #expect(UsableCores.quota(membership: membership) { _ in nil } == nil)
  }

  @Test("clocks go on and a stopwatch counts")
  func clocks() {
    let watch = Stopwatch()
    let before = (MonotonicClock.now(), MonotonicClock.awake(), WallClock.now())
    usleep(1000)
    #expect(MonotonicClock.now() > before.0)
    #expect(MonotonicClock.awake() > before.1)
    #expect(watch.nanoseconds >= 1_000_000)
    #expect(watch.seconds > 0)
    #expect(before.2 > 1_700_000_000_000_000_000)
  }

  @Test("writing to a pipe that nobody reads is an error, not a death")
  func brokenPipe() throws {
    signal(SIGPIPE, SIG_IGN)
    var pipe = try TestPipe()
    let writing = dup(pipe.writing)
    pipe.close()
    let error = #expect(throws: Failure.self) {
      try waitUntil {
        try [UInt8(1)].withUnsafeBytes { try Transfers.write($0, to: writing, stop: StopSignal()) }
        return false
      }
    }
    #expect(error?.what == "the reader of the output went away")
    close(writing)
  }

  @Test("a blocked write ends with the stop")
  func blockedWrite() throws {
    let stop = StopSignal()
    var pipe = try TestPipe()
    let writing = pipe.writing
    let writer = Threads.run(named: "writer", stop: stop) {
      try [UInt8](repeating: 0, count: 1 << 20).withUnsafeBytes { try Transfers.write($0, to: writing, stop: stop) }
    }
    stop.stop(because: Failure(.interrupted, "enough"))
    writer.join()
    #expect(stop.reason?.code == .interrupted)
    pipe.close()
  }

  @Test("filling reads on until the end")
  func fill() throws {
    var pipe = try TestPipe()
    let writing = pipe.writing
    let stop = StopSignal()
    let writer = Threads.run(named: "writer", stop: stop) {
      for byte in 0..<100 {
        try [UInt8(byte)].withUnsafeBytes { try Transfers.write($0, to: writing, stop: stop) }
      }
    }
    var bytes = [UInt8](repeating: 255, count: 60)
    let reading = pipe.reading
    #expect(try bytes.withUnsafeMutableBytes { try Transfers.fill($0, from: reading, stop: stop) } == 60)
    #expect(bytes == Array(0..<60))
    writer.join()
    pipe.closeWriting()
    #expect(try bytes.withUnsafeMutableBytes { try Transfers.fill($0, from: reading, stop: stop) } == 40)
    #expect(Array(bytes[..<40]) == Array(60..<100))
    pipe.close()
  }
}
