package import Bytes
import Glibc

/// Removes what a run of ours made. Names are bytes; links are removed, never followed.
package enum FileTree {
  /// Removes a file, or a folder with all that is in it. Nothing happens if it is not there.
  package static func remove(_ path: String) throws(SystemError) {
    try remove(Array(path.utf8CString), in: AT_FDCWD)
  }

  /// Removes everything in an open folder but the one name; an empty one keeps nothing.
  package static func clear(_ folder: Int32, except kept: String) throws(SystemError) {
    for name in try names(in: folder) where name != Array(kept.utf8CString) { try remove(name, in: folder) }
  }

  /// The names in an open folder, each with its terminating zero; `.` and `..` left out.
  static func names(in folder: Int32) throws(SystemError) -> [[CChar]] {
    // A fresh open of the same folder: reading names must not move the caller's position.
    let number = try retrying("openat", "") { openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
    guard let stream = fdopendir(number) else {
      close(number)
      throw SystemError(call: "fdopendir", subject: "", number: errno)
    }
    defer { closedir(stream) }
    var names: [[CChar]] = []
    while let entry = readdir(stream) {
      let name = withUnsafeBytes(of: entry.pointee.d_name) { $0.prefix { $0 != 0 }.map { CChar(bitPattern: $0) } }
      if name != [0x2e] && name != [0x2e, 0x2e] { names.append(name + [0]) }
    }
    return names
  }

  private static func remove(_ name: [CChar], in folder: Int32) throws(SystemError) {
    if unlinkat(folder, name, 0) == 0 || errno == ENOENT { return }
    guard errno == EISDIR || errno == EPERM else { throw SystemError(call: "unlink", subject: "", number: errno) }
    // A restored folder has the modes of its source, which may keep even its owner out.
    if faccessat(folder, name, R_OK | W_OK | X_OK, AT_EACCESS | AT_SYMLINK_NOFOLLOW) != 0 {
      _ = fchmodat(folder, name, 0o700, AT_SYMLINK_NOFOLLOW)
    }
    let number = try retrying("openat", "") {
      openat(folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
    }
    let inner = Descriptor(owning: number)
    for name in try names(in: inner.number) { try remove(name, in: inner.number) }
    _ = try retrying("rmdir", "") { unlinkat(folder, name, AT_REMOVEDIR) }
  }
}
