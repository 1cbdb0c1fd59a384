import Bytes
import Glibc
import Pipeline

/// Files that are being written, in a hidden folder of the store's own.
///
/// Each is locked by the process that writes it. Locks die with their process, however it ends: a file without one
/// is a leftover, and the next that opens the store removes it.
struct LocalIncoming: Sendable {
  private static let name = ".incoming"
  private let root: Int32

  init(_ root: Int32) { self.root = root }

  /// A file whose bytes are on the disk and that no path leads to yet; dropped unpublished, it vanishes.
  struct File: ~Copyable {
    fileprivate let folder: Descriptor
    fileprivate let file: Descriptor
    fileprivate let name: String

    deinit { unlinkat(folder.number, name, 0) }

    /// Gives the file its path without replacing anything; false if there is something already.
    consuming func publish(in target: Int32, as path: String) throws(SystemError) -> Bool {
      if linkat(folder.number, name, target, path, 0) == 0 { return true }
      switch errno {
      case EEXIST: return hasTwoNames()
      case EPERM, EOPNOTSUPP, ENOSYS, EINVAL, EMLINK:
        // A file system without hard links (exFAT, some network shares).
        if renameWithoutReplacing(from: name, in: folder.number, to: path, in: target) { return true }
        if errno == EEXIST { return false }
        throw SystemError(call: "rename", subject: path, number: errno)
      default: throw SystemError(call: "link", subject: path, number: errno)
      }
    }

    /// NFS may link and lose the answer; the repeated call then says that the path exists. It does: it is ours.
    private func hasTwoNames() -> Bool {
      var status = stat()
      return fstat(file.number, &status) == 0 && status.st_nlink == 2
    }
  }

  /// Writes and flushes a new file.
  func write(_ bytes: UnsafeRawBufferPointer) throws(SystemError) -> File {
    let file = try create()
    try file.file.write(bytes)
    let number = file.file.number
    // Objects are never written again: say so to whoever looks at the folder. Not every file system can keep it.
    _ = fchmod(number, 0o400)
    try file.file.synchronize()
    return file
  }

  /// Removes what dead processes left. Best effort: a store that can only be read is none the worse for it.
  func removeLeftovers() {
    guard let folder = try? LocalFolder.open(LocalIncoming.name, in: root),
      let names = try? LocalFolder.names(in: folder.number)
    else { return }
    for name in names where Identifier(hex: name) != nil {
      let number = openat(folder.number, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
      guard number >= 0 else { continue }
      if flock(number, LOCK_EX | LOCK_NB) == 0 { unlinkat(folder.number, name, 0) }
      close(number)
    }
  }

  /// A new locked file. Between making and locking it another process may take it for a leftover; then make another.
  private func create() throws(SystemError) -> File {
    while true {
      let folder = try openFolder()
      let name = Identifier.random().hex
      let parent = folder.number
      let flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC
      let number = try retrying("open", LocalIncoming.name) { openat(parent, name, flags, 0o600) }
      let file = File(folder: folder, file: Descriptor(owning: number), name: name)
      // Where there are no locks nobody can take it for a leftover either: removing needs the lock.
      let isTaken = flock(number, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK
      var status = stat()
      _ = try retrying("fstat", LocalIncoming.name) { fstat(number, &status) }
      if !isTaken, status.st_nlink == 1 { return file }
    }
  }

  private func openFolder() throws(SystemError) -> Descriptor {
    if mkdirat(root, LocalIncoming.name, 0o700) != 0, errno != EEXIST {
      throw SystemError(call: "mkdir", subject: LocalIncoming.name, number: errno)
    }
    guard let folder = try LocalFolder.open(LocalIncoming.name, in: root) else {
      throw SystemError(call: "open", subject: LocalIncoming.name, number: ENOTDIR)
    }
    return folder
  }
}
