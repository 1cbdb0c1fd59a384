import Bytes
import Glibc

/// A file as memory: mapped whole and read once, so that no stage pays for the disk.
struct MappedFile: ~Copyable {
  private let base: UnsafeRawPointer
  private let count: Int

  private init(base: UnsafeRawPointer, count: Int) {
    self.base = base
    self.count = count
  }

  deinit { munmap(UnsafeMutableRawPointer(mutating: base), count) }

  /// Maps a file that has at least one byte.
  static func open(_ path: String) throws(Failure) -> MappedFile {
    let (base, count) = try mapping(path)
    return MappedFile(base: base, count: count)
  }

  private static func mapping(_ path: String) throws(Failure) -> (UnsafeRawPointer, Int) {
    let next = "Give a dump of more than nothing."
    do throws(SystemError) {
      let file = try Descriptor.open(path, O_RDONLY)
      let number = file.number
      var status = stat()
      _ = try retrying("fstat", path) { fstat(number, &status) }
      let base = mmap(nil, Int(status.st_size), PROT_READ, MAP_PRIVATE | MAP_POPULATE, number, 0)
      guard let base, base != MAP_FAILED else { throw SystemError(call: "mmap", subject: path, number: errno) }
      return (UnsafeRawPointer(base), Int(status.st_size))
    } catch {
      throw error.failure(.usage, "the file cannot be read", next: next)
    }
  }

  /// The bytes, which go with their owner.
  borrowing func withBytes<Result, Problem: Error>(
    _ body: (UnsafeRawBufferPointer) throws(Problem) -> Result
  ) throws(Problem) -> Result {
    try body(UnsafeRawBufferPointer(start: base, count: count))
  }
}
