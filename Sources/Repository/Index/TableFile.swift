import Bytes
import Glibc
import Synchronization

/// An open file of tables or sorted runs.
///
/// It is read with `pread` and not mapped: a page is copied, then verified, and what was verified is what is used; a
/// disk that fails, or a file that somebody cuts off, is an error here where a mapping would kill the process on each
/// run anew; and what was looked at does not count as memory of this process. A mapping is no faster by more than a
/// fifth (0.8 µs a random page in the page cache against 1.0 µs).
final class TableFile: Sendable {
  /// Of no meaning for a file in memory.
  private let descriptor: Descriptor
  private let isInMemory: Bool
  private let memory = Mutex<[UInt8]>([])
  /// Where it lies; empty for one that has no name.
  let path: String
  private let failure = Mutex<Failure?>(nil)

  private init(_ descriptor: consuming Descriptor, path: String, isInMemory: Bool = false) {
    self.descriptor = descriptor
    self.path = path
    self.isInMemory = isInMemory
  }

  /// Opens a file to read it; nil if it isn't there.
  static func open(_ path: String) throws(SystemError) -> TableFile? {
    do throws(SystemError) {
      return TableFile(try Descriptor.open(path, O_RDONLY | O_NOFOLLOW), path: path)
    } catch {
      if error.number == ENOENT { return nil }
      throw error
    }
  }

  /// Creates a file that must not exist.
  static func create(_ path: String) throws(Failure) -> TableFile {
    do throws(SystemError) {
      return TableFile(try Descriptor.open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW), path: path)
    } catch {
      throw stateFailure(error)
    }
  }

  /// A file without a name, gone with this process: in memory if it is small, else in the first of some folders that
  /// can be written. Names of blobs are keyed hashes, so that what a disk may keep of it tells lengths and order alone,
  /// as the store itself does.
  ///
  /// - Parameter folder: a folder of the caller's choice; nil for `TMPDIR`, `/var/tmp`, `/tmp`
  static func scratch(isSmall: Bool, in folder: String?) throws(Failure) -> TableFile {
    if isSmall { return TableFile(Descriptor(owning: -1), path: "", isInMemory: true) }
    let own = folder.map { [$0] } ?? [getenv("TMPDIR").map { String(cString: $0) } ?? "/var/tmp", "/var/tmp", "/tmp"]
    var first: SystemError?
    for folder in own {
      let path = "\(folder)/lifeboat-\(Identifier.random().hex).part"
      do throws(SystemError) {
        let descriptor = try Descriptor.open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW)
        unlink(path)
        return TableFile(descriptor, path: "")
      } catch {
        first = first ?? error
      }
    }
    throw stateFailure(first ?? SystemError(call: "open", subject: "", number: ENOENT))
  }

  /// What was found to be wrong with the file; nil as long as nothing was.
  var damage: Failure? { failure.withLock { $0 } }

  /// The file's size in bytes.
  func size() throws(SystemError) -> UInt64 {
    var status = stat()
    let number = descriptor.number
    _ = try retrying("fstat", path) { fstat(number, &status) }
    return UInt64(status.st_size)
  }

  /// Fills `target`; false if the file ends before or cannot be read, which is damage.
  func read(at offset: UInt64, into target: UnsafeMutableRawBufferPointer) -> Bool {
    guard isInMemory else { return (try? descriptor.read(at: offset, into: target)) == target.count }
    return memory.withLock { memory in
      guard UInt64(memory.count) >= UInt64(target.count), offset <= UInt64(memory.count - target.count) else {
        return false
      }
      target.copyBytes(from: memory[Int(offset)..<(Int(offset) + target.count)])
      return true
    }
  }

  func write(_ bytes: UnsafeRawBufferPointer, at offset: UInt64) throws(Failure) {
    if isInMemory { return writeToMemory(bytes, at: Int(offset)) }
    do throws(SystemError) {
      try descriptor.write(bytes, at: offset)
    } catch {
      throw TableFile.stateFailure(
        SystemError(call: error.call, subject: path.isEmpty ? "scratch file" : path, number: error.number))
    }
  }

  private func writeToMemory(_ bytes: UnsafeRawBufferPointer, at offset: Int) {
    memory.withLock { memory in
      let end = offset + bytes.count
      if end > memory.count { memory.append(contentsOf: repeatElement(0, count: end - memory.count)) }
      memory.withUnsafeMutableBytes {
        UnsafeMutableRawBufferPointer(rebasing: $0[offset..<end]).copyMemory(from: bytes)
      }
    }
  }

  /// Notes that a part does not match its check. A file with a name is removed: the next run makes it anew from the
  /// store, and this one goes on without what the part said.
  @discardableResult
  func condemn(_ what: String) -> Failure {
    let found = Failure(
      .stateFailed, "this host's copy of the index is damaged: \(what)", at: path.isEmpty ? "scratch file" : path,
      next: "Run again: it is made anew from the store. If it happens often, test this host's disk and memory.")
    failure.withLock { $0 = $0 ?? found }
    if !path.isEmpty { unlink(path) }
    return found
  }

  private static func stateFailure(_ error: SystemError) -> Failure {
    error.failure(
      .stateFailed, "the index cannot be written down",
      next: "Free space there, or name another folder with LIFEBOAT_STATE or TMPDIR.")
  }
}

/// Writes one part of a file from front to end, in large pieces.
struct SequentialOutput: ~Copyable {
  private let file: TableFile
  private var offset: UInt64
  private var buffer = Buffer(capacity: 64 * RowPage.size)

  init(_ file: TableFile, at offset: UInt64) {
    self.file = file
    self.offset = offset
  }

  mutating func append(_ bytes: UnsafeRawBufferPointer) throws(Failure) {
    if buffer.count + bytes.count > buffer.capacity { try flush() }
    guard bytes.count <= buffer.capacity else {
      try file.write(bytes, at: offset)
      offset += UInt64(bytes.count)
      return
    }
    let start = buffer.count
    buffer.withCapacity { UnsafeMutableRawBufferPointer(rebasing: $0[start...]).copyMemory(from: bytes) }
    buffer.count += bytes.count
  }

  mutating func flush() throws(Failure) {
    let place = offset
    try buffer.withBytes { (bytes) throws(Failure) in try file.write(bytes, at: place) }
    offset += UInt64(buffer.count)
    buffer.count = 0
  }
}
