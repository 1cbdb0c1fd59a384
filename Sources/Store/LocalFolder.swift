package import Bytes
import Glibc

/// Looking into folders by descriptor, never through links.
package enum LocalFolder {
  /// The names in a folder by its path; as in `names(in:)`.
  package static func names(of path: String) throws(SystemError) -> [String] {
    let folder = try Descriptor.open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW)
    return try names(in: folder.number)
  }

  /// The names in a folder, without those that begin with a dot and those that are no text.
  static func names(in folder: Int32) throws(SystemError) -> [String] {
    // A fresh open: a duplicate would share its position with every other reader of the folder.
    let number = try retrying("open", "") { openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
    guard let stream = fdopendir(number) else {
      close(number)
      throw SystemError(call: "fdopendir", subject: "", number: errno)
    }
    defer { closedir(stream) }
    var names: [String] = []
    while true {
      errno = 0
      guard let entry = readdir(stream) else {
        if errno != 0 { throw SystemError(call: "readdir", subject: "", number: errno) }
        return names
      }
      let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
        pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(validatingCString: $0) }
      }
      if let name, name.utf8.first != UInt8(ascii: ".") { names.append(name) }
    }
  }

  /// The size of a regular file; nil for anything else and for nothing.
  static func size(of name: String, in folder: Int32) -> UInt64? {
    var status = stat()
    guard fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) == 0, status.st_mode & S_IFMT == S_IFREG else {
      return nil
    }
    return UInt64(status.st_size)
  }

  /// The size of an open file; throws `ENOENT` for what is no regular file.
  static func size(of file: borrowing Descriptor) throws(SystemError) -> UInt64 {
    let number = file.number
    var status = stat()
    _ = try retrying("fstat", "") { fstat(number, &status) }
    guard status.st_mode & S_IFMT == S_IFREG else { throw SystemError(call: "open", subject: "", number: ENOENT) }
    return UInt64(status.st_size)
  }

  /// Opens a folder; nil if what has the name is none. Throws `ENOENT` if nothing has it.
  static func open(_ name: String, in folder: Int32) throws(SystemError) -> Descriptor? {
    let flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC
    do {
      return Descriptor(owning: try retrying("open", name) { openat(folder, name, flags) })
    } catch {
      if error.number == ENOTDIR || error.number == ELOOP { return nil }
      throw error
    }
  }

  /// Makes the names in a folder survive a power loss. File systems that cannot flush a folder by itself say
  /// `EINVAL`; there is nothing more to do on them.
  static func flush(_ folder: borrowing Descriptor) throws(SystemError) {
    do throws(SystemError) {
      try folder.synchronize()
    } catch {
      if error.number != EINVAL && error.number != EOPNOTSUPP { throw error }
    }
  }
}
