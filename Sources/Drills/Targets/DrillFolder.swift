import Bytes
import Engine
import Glibc
import Synchronization

/// A fresh private folder that a drill restores to. It goes when the drill goes, whatever happened to the drill; one
/// that a killed drill left behind is removed by the next drill that uses the same place: its lock is gone.
final class DrillFolder: Sendable {
  private static let prefix = "lifeboat-drill-"
  /// Kept folders have another name, so that no later drill takes them for left behind.
  private static let keptPrefix = "lifeboat-kept-"
  /// A folder is only taken for left behind when it is older: another drill may not have locked its own yet.
  private static let settleSeconds = 60

  /// The absolute path, free of links.
  let path: String
  private let parent: String
  private let identifier = Identifier.random()
  private let lock: Descriptor
  private let isOurs = Mutex(true)

  /// Makes the folder.
  ///
  /// - Parameters:
  ///   - folder: where; nil for `$TMPDIR`, or `/var/tmp` without it
  ///   - needed: bytes that will be written, where that is known
  /// - Throws: `targetFull` where they don't fit, `targetRefused` where no folder can be made
  init(in folder: String?, needing needed: UInt64 = 0) throws(Failure) {
    let parent = try DrillFolder.resolve(folder ?? DrillFolder.standardParent())
    DrillFolder.sweep(parent)
    try DrillFolder.checkSpace(parent, needed)
    self.parent = parent
    let path = "\(parent)/\(DrillFolder.prefix)\(identifier.hex)"
    self.path = path
    do throws(SystemError) {
      _ = try retrying("mkdir", path) { mkdir(path, 0o700) }
      lock = try Descriptor.open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW)
    } catch {
      throw error.failure(
        .targetRefused, "the scratch folder cannot be made", next: "Set target.folder to a folder of yours.")
    }
    flock(lock.number, LOCK_EX | LOCK_NB)
  }

  deinit { if isOurs.withLock({ $0 }) { try? FileTree.remove(path) } }

  /// Removes the folder and makes sure that it is gone: what it holds is decrypted.
  func remove() throws(Failure) {
    guard isOurs.withLock({ $0 }) else { return }
    var problem: SystemError?
    // A program of a check that is just ending may still write: look again.
    for _ in 0..<3 {
      do throws(SystemError) {
        try FileTree.remove(path)
      } catch {
        problem = error
      }
      var status = stat()
      if lstat(path, &status) != 0, errno == ENOENT {
        isOurs.withLock { $0 = false }
        return
      }
    }
    throw Failure(
      .targetRefused, "the restored data could not be removed: \(problem?.reason ?? "it is still there")", at: path,
      next: "Remove the folder by hand: it holds decrypted data.")
  }

  /// Leaves the folder for a person to look at; returns its new path.
  func keep() throws(Failure) -> String {
    let kept = "\(parent)/\(DrillFolder.keptPrefix)\(identifier.hex)"
    guard rename(path, kept) == 0 else {
      throw SystemError(call: "rename", subject: path, number: errno)
        .failure(.targetRefused, "the restored data cannot be kept")
    }
    isOurs.withLock { $0 = false }
    return kept
  }

  private static func standardParent() -> String {
    guard let raw = getenv("TMPDIR"), raw.pointee != 0 else { return "/var/tmp" }
    return String(cString: raw)
  }

  /// Programs of checks run elsewhere and need a path that means the same there.
  private static func resolve(_ folder: String) throws(Failure) -> String {
    guard let raw = realpath(folder, nil) else {
      throw SystemError(call: "realpath", subject: folder, number: errno).failure(
        .targetRefused, "no folder to restore to", next: "Make the folder, or set target.folder to one that exists.")
    }
    defer { free(raw) }
    return String(cString: raw)
  }

  /// Removes what a former attempt left in it.
  func empty() throws(Failure) {
    do throws(SystemError) {
      try FileTree.clear(lock.number, except: "")
    } catch {
      throw error.failure(.targetRefused, "what a former attempt left cannot be removed")
    }
  }

  /// Throws `targetFull` where so many bytes certainly don't fit.
  func checkSpace(needing needed: UInt64) throws(Failure) { try DrillFolder.checkSpace(parent, needed) }

  private static func checkSpace(_ parent: String, _ needed: UInt64) throws(Failure) {
    var status = statvfs()
    guard statvfs(parent, &status) == 0 else {
      throw SystemError(call: "statvfs", subject: parent, number: errno)
        .failure(.targetRefused, "the free space cannot be told")
    }
    let free = UInt64(status.f_bavail) * UInt64(status.f_frsize)
    guard needed <= free else {
      throw Failure(
        .targetFull, "the restored data needs \(needed) bytes, and \(free) are free", at: parent,
        next: "Free space, or set target.folder to a larger disk.")
    }
  }

  /// Removes what killed drills left behind.
  private static func sweep(_ parent: String) {
    guard let stream = opendir(parent) else { return }
    defer { closedir(stream) }
    while let entry = readdir(stream) {
      let bytes = withUnsafeBytes(of: entry.pointee.d_name) { Array($0.prefix { $0 != 0 }) }
      guard let name = String(validating: bytes, as: UTF8.self), name.hasPrefix(prefix),
        Identifier(hex: String(name.dropFirst(prefix.count))) != nil
      else { continue }
      let path = "\(parent)/\(name)"
      var status = stat()
      guard lstat(path, &status) == 0, status.st_uid == geteuid(), time(nil) - status.st_mtim.tv_sec > settleSeconds,
        let folder = try? Descriptor.open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW),
        flock(folder.number, LOCK_EX | LOCK_NB) == 0
      else { continue }
      // A scratch server of the killed drill may still run in it.
      ServerProcess.endAll(in: path)
      try? FileTree.remove(path)
    }
  }
}
