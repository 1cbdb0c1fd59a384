import Bytes
import Format
import Glibc
import Pipeline

/// The folder that a restore fills.
final class RootFolder {
  let path: String
  private let descriptor: Descriptor
  /// Says that what lies here comes from a restore that did not end; such a folder may be filled again.
  ///
  /// The folder's own number is in the name: a marker that was backed up and restored elsewhere marks nothing there.
  private let marker: String

  init(_ path: String) throws(Failure) {
    self.path = path
    do throws(SystemError) {
      try DurableFile.createFolder(path, mode: 0o755)
      descriptor = try Descriptor.open(path, O_RDONLY | O_DIRECTORY)
      var status = stat()
      let number = descriptor.number
      _ = try retrying("fstat", path) { fstat(number, &status) }
      marker = ".lifeboat-restore-\(status.st_ino)"
    } catch {
      throw error.failure(.targetRefused, "the target folder cannot be made")
    }
    try prepare()
  }

  /// Refuses a folder with contents, clears one that an interrupted restore left, and marks it.
  private func prepare() throws(Failure) {
    do throws(SystemError) {
      let names = try FileTree.names(in: descriptor.number)
      guard names.isEmpty || names.contains(Array(marker.utf8CString)) else {
        throw SystemError(call: "", subject: path, number: ENOTEMPTY)
      }
      try FileTree.clear(descriptor.number, except: marker)
      try Descriptor.open("\(path)/\(marker)", O_WRONLY | O_CREAT).synchronize()
    } catch {
      throw error.failure(.targetRefused, "the target folder cannot be used", next: "Name a new or empty folder.")
    }
  }

  /// The restore is whole and reaches the disk; only then the marker goes.
  ///
  /// - Parameter flushes: files were written that are not on the disk yet
  func finish(flushes: Bool) throws(Failure) {
    let number = descriptor.number
    do throws(SystemError) {
      // One flush of the file system instead of one for each of a million files.
      if flushes { try flushFileSystem(of: number) }
      _ = try retrying("unlink", path) { unlinkat(number, marker, 0) }
      try descriptor.synchronize()
    } catch {
      let isFull = error.number == ENOSPC || error.number == EDQUOT
      throw error.failure(isFull ? .targetFull : .targetRefused, "the target folder cannot be written")
    }
  }

  /// The place of a name: its folder, opened part by part without following links.
  func place(of name: [UInt8], makingFolders: Bool) throws(Failure) -> Place {
    let parts = name.split(separator: UInt8(ascii: "/")).map { Array($0) }
    var folder = try duplicate()
    for part in parts.dropLast() {
      let place = Place(folder: folder, leaf: part)
      if makingFolders { _ = place.call { mkdirat($0, $1, 0o700) } }
      let next = place.call { openat($0, $1, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC) }
      guard next >= 0 else {
        throw SystemError(call: "openat", subject: "\(path)/\(DisplayText.of(name))", number: errno)
          .failure(.targetRefused, "a folder of the target cannot be opened")
      }
      folder = Descriptor(owning: next)
    }
    return Place(folder: folder, leaf: parts[parts.count - 1])
  }

  private func duplicate() throws(Failure) -> Descriptor {
    let number = fcntl(descriptor.number, F_DUPFD_CLOEXEC, 3)
    guard number >= 0 else {
      throw SystemError(call: "fcntl", subject: path, number: errno).failure(.targetRefused, "too many open files")
    }
    return Descriptor(owning: number)
  }
}

/// One name in an open folder.
final class Place {
  private let folder: Descriptor
  private let leaf: [UInt8]

  init(folder: consuming Descriptor, leaf: [UInt8]) {
    self.folder = folder
    self.leaf = leaf
  }

  /// Calls a system call that takes a folder and a name.
  func call(_ body: (Int32, UnsafePointer<CChar>) -> Int32) -> Int32 {
    (leaf + [0]).withUnsafeBufferPointer { bytes in
      bytes.withMemoryRebound(to: CChar.self) { body(folder.number, $0.baseAddress!) }
    }
  }

  /// Opens the folder of this name; nil, with `errno`, for anything else, a link to a folder included.
  func openFolder() -> Descriptor? {
    let number = call { openat($0, $1, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC) }
    return number < 0 ? nil : Descriptor(owning: number)
  }

  /// Sets owner (root only) and time of a symbolic link itself; best effort, for a target may not know them.
  func setLinkAttributes(of stream: StreamEntry) {
    if geteuid() == 0 { _ = call { fchownat($0, $1, stream.owner, stream.group, AT_SYMLINK_NOFOLLOW) } }
    _ = stream.times.withUnsafeBufferPointer { times in
      call { utimensat($0, $1, times.baseAddress, AT_SYMLINK_NOFOLLOW) }
    }
  }
}

extension StreamEntry {
  /// Sets owner (root only), permission bits and time of an open file or folder: what has a name may meanwhile be
  /// something else. Best effort, for a target may not know them.
  func setAttributes(of number: Int32) {
    let isRoot = geteuid() == 0
    if isRoot { _ = fchown(number, owner, group) }
    // Without the owner, a set-user bit would lend this account's rights to a program from the snapshot.
    _ = fchmod(number, mode & (isRoot ? 0o7777 : 0o1777))
    _ = times.withUnsafeBufferPointer { futimens(number, $0.baseAddress) }
  }

  /// Time of access and of modification, as the system takes them.
  fileprivate var times: [timespec] {
    let (seconds, rest) = modified.quotientAndRemainder(dividingBy: 1_000_000_000)
    let time = timespec(
      tv_sec: Int(rest < 0 ? seconds - 1 : seconds), tv_nsec: Int(rest < 0 ? rest + 1_000_000_000 : rest))
    return [time, time]
  }
}
