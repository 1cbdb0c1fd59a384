import Bytes
import Format
import Glibc

/// The folder that a restore fills.
final class RootFolder {
  /// Says that what lies here comes from a restore that did not end; such a folder may be filled again.
  private static let marker = ".lifeboat-restore"

  let path: String
  private let descriptor: Descriptor

  init(_ path: String) throws(Failure) {
    self.path = path
    do throws(SystemError) {
      try DurableFile.createFolder(path, mode: 0o755)
      descriptor = try Descriptor.open(path, O_RDONLY | O_DIRECTORY)
    } catch {
      throw error.failure(.targetRefused, "the target folder cannot be made")
    }
    try prepare()
  }

  /// Refuses a folder with contents, clears one that an interrupted restore left, and marks it.
  private func prepare() throws(Failure) {
    do throws(SystemError) {
      let names = try FileTree.names(in: descriptor.number)
      guard names.isEmpty || names.contains(Array(RootFolder.marker.utf8CString)) else {
        throw SystemError(call: "", subject: path, number: ENOTEMPTY)
      }
      try FileTree.clear(descriptor.number, except: RootFolder.marker)
      try Descriptor.open("\(path)/\(RootFolder.marker)", O_WRONLY | O_CREAT).synchronize()
    } catch {
      throw error.failure(.targetRefused, "the target folder cannot be used", next: "Name a new or empty folder.")
    }
  }

  /// The restore is whole: the marker goes.
  func finish() throws(Failure) {
    unlinkat(descriptor.number, RootFolder.marker, 0)
    do throws(SystemError) {
      try descriptor.synchronize()
    } catch {
      throw error.failure(.targetRefused, "the target folder cannot be written")
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

  /// Sets owner (root only) and time of modification; best effort, for a target may not know them.
  func setOwnerAndTimes(of stream: StreamEntry) {
    if geteuid() == 0 { _ = call { fchownat($0, $1, stream.owner, stream.group, AT_SYMLINK_NOFOLLOW) } }
    let (seconds, rest) = stream.modified.quotientAndRemainder(dividingBy: 1_000_000_000)
    let time = timespec(
      tv_sec: Int(rest < 0 ? seconds - 1 : seconds), tv_nsec: Int(rest < 0 ? rest + 1_000_000_000 : rest))
    _ = [time, time].withUnsafeBufferPointer { times in
      call { utimensat($0, $1, times.baseAddress, AT_SYMLINK_NOFOLLOW) }
    }
  }

  /// Sets the permission bits; not for symbolic links.
  func setMode(_ mode: UInt32) { _ = call { fchmodat($0, $1, mode & 0o7777, 0) } }
}
