import Bytes
import Glibc
import Synchronization

/// Copies of objects in a local folder, each at the object's path, bounded in bytes: the least recently used go.
///
/// Several processes may share a folder; a copy that another one has taken away is simply not there. Nothing is
/// flushed: what a power loss mangles is noticed by whoever verifies the copy.
final class CacheFolder: Sendable {
  private let root: String
  private let limit: UInt64
  private let state = Mutex(CacheUse())

  /// Opens a folder, made if needed, and takes stock of it. Throws `stateFailed` if it cannot be used.
  init(_ root: String, limit: UInt64) throws(Failure) {
    self.root = root
    self.limit = limit
    do throws(SystemError) {
      try DurableFile.createFolder(root)
    } catch {
      throw failure(error, "cannot make the cache")
    }
    let entries = CacheFolder.stock(root, "")
    state.withLock { state in
      for entry in entries.sorted(by: { $0.time < $1.time }) { state.note(entry.path, entry.size) }
    }
    for path in overLimit() { remove(path) }
  }

  /// The copy's bytes, not verified; nil if there is none or it cannot be read.
  func read(_ path: StorePath, into buffer: UnsafeMutableRawBufferPointer) -> Int? {
    guard let file = try? Descriptor.open("\(root)/\(path)", O_RDONLY | O_NOFOLLOW) else { return nil }
    guard let count = try? file.read(at: 0, into: buffer) else { return nil }
    // The time of the last use, for the next process that takes stock.
    futimens(file.number, nil)
    state.withLock { $0.use(path.text) }
    return count
  }

  /// The size of the copy; nil if there is none.
  func size(of path: StorePath) -> UInt64? {
    LocalFolder.size(of: "\(root)/\(path)", in: AT_FDCWD)
  }

  /// Keeps a copy, if it fits at all. Throws `stateFailed` if it cannot be written.
  func keep(_ path: StorePath, _ bytes: UnsafeRawBufferPointer) throws(Failure) {
    let size = UInt64(bytes.count)
    guard size <= limit else { return }
    state.withLock { $0.note(path.text, size) }
    for path in overLimit() { remove(path) }
    let target = "\(root)/\(path)"
    let temporary = "\(target).\(Identifier.random().hex).part"
    do throws(SystemError) {
      try DurableFile.createFolder(DurableFile.folder(of: target))
      try write(bytes, temporary)
      _ = try retrying("rename", target) { rename(temporary, target) }
    } catch {
      unlink(temporary)
      remove(path.text)
      throw failure(error, "cannot write to the cache")
    }
  }

  /// Drops a copy.
  func remove(_ path: String) {
    unlink("\(root)/\(path)")
    state.withLock { $0.forget(path) }
  }

  private func write(_ bytes: UnsafeRawBufferPointer, _ path: String) throws(SystemError) {
    try Descriptor.open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode: 0o600).write(bytes)
  }

  private func overLimit() -> [String] { state.withLock { $0.excess(over: limit) } }

  private func failure(_ error: SystemError, _ what: String) -> Failure {
    Failure(
      .stateFailed, "\(what): \(error.reason)", at: root,
      next: "Make room or check its owner; the cache may be deleted at any time.")
  }

  private struct Entry {
    let path: String
    let size: UInt64
    let time: Int
  }

  /// What lies in the folder; leftovers of writes that a crash cut short are removed once a day old.
  private static func stock(_ root: String, _ path: String) -> [Entry] {
    let folder = path.isEmpty ? root : "\(root)/\(path)"
    guard let opened = try? Descriptor.open(folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW),
      let names = try? LocalFolder.names(in: opened.number)
    else { return [] }
    var entries: [Entry] = []
    for name in names {
      let below = path.isEmpty ? name : "\(path)/\(name)"
      var status = stat()
      guard fstatat(opened.number, name, &status, AT_SYMLINK_NOFOLLOW) == 0 else { continue }
      if status.st_mode & S_IFMT == S_IFDIR {
        entries += stock(root, below)
      } else if name.hasSuffix(".part") {
        if status.st_mtim.tv_sec < time(nil) - 86_400 { unlinkat(opened.number, name, 0) }
      } else if status.st_mode & S_IFMT == S_IFREG, StorePath(below) != nil {
        let time = status.st_mtim.tv_sec * 1_000_000_000 + status.st_mtim.tv_nsec
        entries.append(Entry(path: below, size: UInt64(status.st_size), time: time))
      }
    }
    return entries
  }
}
