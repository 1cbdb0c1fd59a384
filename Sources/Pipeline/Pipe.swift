import Bytes
import CLinux
import Glibc

/// The two ends of a pipe, both closed on exec and both numbered above the standard descriptors.
struct Pipe: ~Copyable {
  let reading: Descriptor
  let writing: Descriptor

  private init(reading: consuming Descriptor, writing: consuming Descriptor) {
    self.reading = reading
    self.writing = writing
  }

  /// Opens a pipe.
  static func open() throws(SystemError) -> Pipe {
    var ends: [Int32] = [-1, -1]
    _ = try retrying("pipe2", "") { linux_pipe2(&ends, O_CLOEXEC) }
    let first = Descriptor(owning: ends[0])
    let second = Descriptor(owning: ends[1])
    let reading = try Pipe.aboveStandard(first)
    return Pipe(reading: reading, writing: try Pipe.aboveStandard(second))
  }

  /// Enlarges the pipe where the user's quota allows it.
  func widen() { Transfers.widen(reading.number) }

  /// The reading end as a plain number; the other is closed.
  consuming func takeReading() -> Int32 { reading.release() }

  /// The writing end as a plain number; the other is closed.
  consuming func takeWriting() -> Int32 { writing.release() }

  /// A process that was started with standard descriptors closed would get pipes in their place.
  private static func aboveStandard(_ descriptor: consuming Descriptor) throws(SystemError) -> Descriptor {
    if descriptor.number > 2 { return descriptor }
    let number = descriptor.number
    return Descriptor(owning: try retrying("fcntl", "") { fcntl(number, F_DUPFD_CLOEXEC, 3) })
  }
}
