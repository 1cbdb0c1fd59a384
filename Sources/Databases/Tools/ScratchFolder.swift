import Bytes
import Glibc

/// A private folder for copies, removed with everything in it when its owner goes, also when the run stops. A folder
/// that a killed run left behind is removed by the next run that uses the same place: its lock is gone.
final class ScratchFolder: Sendable {
  private static let prefix = "lifeboat-scratch-"
  /// A folder is only taken for left behind when it is older: another run may not have locked its own yet.
  private static let settleSeconds = 60

  let path: String
  private let lock: Descriptor

  /// Makes a folder in `parent` for `needed` bytes; throws `scratchFull` where they don't fit, or where no folder can
  /// be made.
  init(in parent: String, needing needed: UInt64) throws(Failure) {
    ScratchFolder.sweep(parent)
    let free = try ScratchFolder.freeBytes(parent)
    guard needed <= free else { throw ScratchFolder.full(parent, needed, free) }
    path = "\(parent)/\(ScratchFolder.prefix)\(Identifier.random().hex)"
    let path = path
    do {
      _ = try retrying("mkdir", path) { mkdir(path, 0o700) }
      lock = try Descriptor.open(path, O_RDONLY | O_DIRECTORY)
    } catch {
      throw error.failure(.scratchFull, "can't make a scratch folder", next: "Set source.scratch to a folder of yours.")
    }
    flock(lock.number, LOCK_EX | LOCK_NB)
  }

  deinit { ScratchFolder.remove(path) }

  /// Where scratch folders are made if a profile names no place.
  static func standardParent() -> String {
    guard let raw = getenv("TMPDIR"), raw.pointee != 0 else { return "/var/tmp" }
    return String(cString: raw)
  }

  /// Throws `scratchFull` unless `needed` bytes fit into `parent`.
  static func check(_ parent: String, needing needed: UInt64) throws(Failure) {
    let free = try freeBytes(parent)
    guard needed <= free else { throw full(parent, needed, free) }
    guard access(parent, W_OK | X_OK) == 0 else {
      throw SystemError(call: "access", subject: parent, number: errno)
        .failure(.scratchFull, "can't write to the scratch folder", next: "Set source.scratch to a folder of yours.")
    }
  }

  private static func freeBytes(_ parent: String) throws(Failure) -> UInt64 {
    var status = statvfs()
    do {
      _ = try retrying("statvfs", parent) { statvfs(parent, &status) }
    } catch {
      throw error.failure(.scratchFull, "no scratch folder", next: "Set source.scratch to a folder that exists.")
    }
    return UInt64(status.f_bavail) * UInt64(status.f_frsize)
  }

  private static func full(_ parent: String, _ needed: UInt64, _ free: UInt64) -> Failure {
    Failure(
      .scratchFull, "the copy of the database needs \(needed) bytes, and \(free) are free", at: parent,
      next: "Free space, or set source.scratch to a larger disk.")
  }

  /// Removes what killed runs left behind.
  private static func sweep(_ parent: String) {
    guard let stream = opendir(parent) else { return }
    defer { closedir(stream) }
    while let entry = readdir(stream) {
      guard let name = DirectoryEntry.name(entry).flatMap({ String(validating: $0, as: UTF8.self) }),
        name.hasPrefix(prefix), Identifier(hex: String(name.dropFirst(prefix.count))) != nil
      else { continue }
      let path = "\(parent)/\(name)"
      var status = stat()
      guard lstat(path, &status) == 0, status.st_uid == geteuid(), time(nil) - status.st_mtim.tv_sec > settleSeconds,
        let folder = try? Descriptor.open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW),
        flock(folder.number, LOCK_EX | LOCK_NB) == 0
      else { continue }
      remove(path)
    }
  }

  /// Removes a folder of plain files.
  private static func remove(_ path: String) {
    if let stream = opendir(path) {
      while let entry = readdir(stream) {
        if let name = DirectoryEntry.name(entry) {
          unlinkat(dirfd(stream), name.map { CChar(bitPattern: $0) } + [0], 0)
        }
      }
      closedir(stream)
    }
    rmdir(path)
  }
}
