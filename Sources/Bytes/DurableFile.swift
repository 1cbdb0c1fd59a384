import Glibc

/// Files that are either whole and on the disk, or not there.
package enum DurableFile {
  /// Creates `path` with `bytes` and makes it survive a power loss: write beside, fsync, link without replacing,
  /// fsync the folder. Nothing that exists is ever replaced.
  ///
  /// - Returns: false if `path` existed already; it is then untouched.
  package static func create(_ path: String, _ bytes: UnsafeRawBufferPointer, mode: UInt32 = 0o600) throws(SystemError)
    -> Bool
  {
    let temporary = "\(path).\(Identifier.random().hex).part"
    defer { unlink(temporary) }
    do {
      let file = try Descriptor.open(temporary, O_WRONLY | O_CREAT | O_EXCL, mode: mode)
      try file.write(bytes)
      try file.synchronize()
    }
    do {
      _ = try retrying("link", path) { link(temporary, path) }
    } catch {
      if error.number == EEXIST { return false }
      throw error
    }
    try synchronizeFolder(of: path)
    return true
  }

  /// Replaces `path` by `bytes` in one step: write beside, fsync, rename, fsync the folder. For local state only.
  package static func replace(_ path: String, _ bytes: UnsafeRawBufferPointer, mode: UInt32 = 0o600) throws(SystemError)
  {
    let temporary = "\(path).\(Identifier.random().hex).part"
    defer { unlink(temporary) }
    do {
      let file = try Descriptor.open(temporary, O_WRONLY | O_CREAT | O_EXCL, mode: mode)
      try file.write(bytes)
      try file.synchronize()
    }
    _ = try retrying("rename", path) { rename(temporary, path) }
    try synchronizeFolder(of: path)
  }

  /// Creates a folder and those above it, each made durable in the one that holds it.
  package static func createFolder(_ path: String, mode: UInt32 = 0o700) throws(SystemError) {
    if path.isEmpty || path == "/" { return }
    do {
      _ = try retrying("mkdir", path) { mkdir(path, mode) }
    } catch {
      if error.number == EEXIST { return }
      guard error.number == ENOENT else { throw error }
      try createFolder(folder(of: path), mode: mode)
      // Some file systems, such as /proc, say the same where a folder above is not what is missing.
      _ = try retrying("mkdir", path) { mkdir(path, mode) == 0 || errno == EEXIST ? 0 : -1 }
    }
    try synchronizeFolder(of: path)
  }

  /// Reads a whole file of at most `limit` bytes; longer files throw `EFBIG`.
  package static func read(_ path: String, limit: Int) throws(SystemError) -> [UInt8] {
    let file = try Descriptor.open(path, O_RDONLY)
    var bytes: [UInt8] = []
    var part = Buffer(capacity: 65_536)
    while true {
      part.count = try part.withCapacity { (room) throws(SystemError) in try file.read(into: room) }
      if part.count == 0 { return bytes }
      part.withBytes { bytes.append(contentsOf: $0) }
      if bytes.count > limit { throw SystemError(call: "read", subject: path, number: EFBIG) }
    }
  }

  /// The folder that holds `path`: `.` where the path names none.
  package static func folder(of path: String) -> String {
    guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return "." }
    return slash == path.utf8.startIndex ? "/" : String(path[..<slash])
  }

  private static func synchronizeFolder(of path: String) throws(SystemError) {
    try Descriptor.open(folder(of: path), O_RDONLY | O_DIRECTORY).synchronize()
  }
}
