import Bytes
import Glibc
import Pipeline
import Testing

@Suite("Reading with a limit to the patience")
struct PatienceTests {
  private func read(_ descriptor: Int32, within: UInt64?, stop: StopSignal = StopSignal()) throws -> Int? {
    var buffer = Buffer(capacity: 16)
    return try buffer.withCapacity { (room) throws(Failure) in
      try Transfers.read(descriptor, into: room, within: within, stop: stop)
    }
  }

  private func withPipe(_ body: (_ reading: Int32, _ writing: Int32) throws -> Void) throws {
    var ends: [Int32] = [0, 0]
    try #require(pipe(&ends) == 0)
    defer {
      close(ends[0])
      close(ends[1])
    }
    try body(ends[0], ends[1])
  }

  @Test("gives nothing when nothing comes, whether the descriptor blocks or not", arguments: [true, false])
  func silence(_ blocks: Bool) throws {
    try withPipe { reading, _ in
      if !blocks { _ = fcntl(reading, F_SETFL, O_NONBLOCK) }
      for patience in [20_000_000, 0] as [UInt64] {
        let count = try read(reading, within: patience)
        #expect(count == nil)
      }
    }
  }

  @Test("gives what is there at once, also without any patience, and the end as zero")
  func bytes() throws {
    try withPipe { reading, writing in
      #expect(write(writing, "abc", 3) == 3)
      let count = try read(reading, within: 0)
      #expect(count == 3)
    }
    let file = open("/dev/null", O_RDONLY)
    defer { close(file) }
    #expect(try read(file, within: 0) == 0)
    #expect(try read(file, within: nil) == 0)
  }

  @Test("ends with the reason of a stop, whatever patience is left")
  func stopped() throws {
    let stop = StopSignal()
    stop.stop(because: Failure(.interrupted, "by the test"))
    try withPipe { reading, _ in
      #expect { try read(reading, within: 60_000_000_000, stop: stop) } throws: {
        ($0 as? Failure)?.code == .interrupted
      }
    }
  }

  @Test("fails with the system's error for what cannot be read")
  func error() throws {
    #expect { try read(999, within: 1_000_000) } throws: { ($0 as? Failure)?.code == .sourceFailed }
  }
}
