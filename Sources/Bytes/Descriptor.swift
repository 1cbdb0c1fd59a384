import Glibc

/// A file descriptor that is closed when its owner goes.
package struct Descriptor: ~Copyable, Sendable {
  /// The descriptor's number, for calls that only borrow it.
  package let number: Int32

  /// Takes over an open descriptor.
  package init(owning number: Int32) { self.number = number }

  deinit { close(number) }

  /// Gives the descriptor up without closing it.
  package consuming func release() -> Int32 {
    let number = number
    discard self
    return number
  }

  /// Opens a file; `O_CLOEXEC` is always set.
  package static func open(_ path: String, _ flags: Int32, mode: UInt32 = 0o600) throws(SystemError) -> Descriptor {
    Descriptor(owning: try retrying("open", path) { Glibc.open(path, flags | O_CLOEXEC, mode) })
  }

  /// Reads once into `target`; zero means the end. Blocks; a signal does not end it.
  package func read(into target: UnsafeMutableRawBufferPointer) throws(SystemError) -> Int {
    let number = number
    return try retrying("read", "") { Glibc.read(number, target.baseAddress, target.count) }
  }

  /// Reads exactly `target.count` bytes at `offset`; returns how many there were before the end of the file.
  package func read(at offset: UInt64, into target: UnsafeMutableRawBufferPointer) throws(SystemError) -> Int {
    let number = number
    var done = 0
    while done < target.count {
      let rest = UnsafeMutableRawBufferPointer(rebasing: target[done...])
      let position = off_t(offset) + off_t(done)
      let count = try retrying("pread", "") { pread(number, rest.baseAddress, rest.count, position) }
      if count == 0 { break }
      done += count
    }
    return done
  }

  /// Writes all of `source`. Blocks.
  package func write(_ source: UnsafeRawBufferPointer) throws(SystemError) {
    let number = number
    var rest = source
    while !rest.isEmpty {
      let pending = rest
      let count = try retrying("write", "") { Glibc.write(number, pending.baseAddress, pending.count) }
      rest = UnsafeRawBufferPointer(rebasing: rest[count...])
    }
  }

  /// Writes all of `source` at `offset`; leaves the descriptor's own position alone.
  package func write(_ source: UnsafeRawBufferPointer, at offset: UInt64) throws(SystemError) {
    let number = number
    var done = 0
    while done < source.count {
      let rest = UnsafeRawBufferPointer(rebasing: source[done...])
      let position = off_t(offset) + off_t(done)
      done += try retrying("pwrite", "") { pwrite(number, rest.baseAddress, rest.count, position) }
    }
  }

  /// Flushes the file's bytes and metadata to the disk.
  package func synchronize() throws(SystemError) {
    let number = number
    _ = try retrying("fsync", "") { fsync(number) }
  }
}
