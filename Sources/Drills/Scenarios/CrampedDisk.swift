import Bytes
import Glibc

/// A disk of a drill's own that can be made full at a moment of one's choice: a file system in memory. Needs root.
///
/// It is mounted where paths are short, for a server's socket in it may have no long one. One that a killed drill left
/// is unmounted by the next: its lock is gone.
final class CrampedDisk: Sendable {
  private static let parent = "/run"
  private static let prefix = "lifeboat-disk-"
  private static let suffix = ".lock"
  /// One is only taken for left behind when it is older, in seconds: another drill may not have locked its own yet.
  private static let settling = 60

  /// Where it is mounted.
  let path: String
  private let lock: Descriptor
  /// Bytes that it may take in all.
  private let size: UInt64

  /// Mounts it.
  ///
  /// - Throws: `targetRefused` without the right to mount
  init() throws(Failure) {
    guard geteuid() == 0 else { throw CrampedDisk.refusal("only root may mount one") }
    CrampedDisk.sweep()
    path = "\(CrampedDisk.parent)/\(CrampedDisk.prefix)\(Identifier.random().hex.prefix(8))"
    size = MachineMemory.available() / 2
    do throws(SystemError) {
      lock = try Descriptor.open(path + CrampedDisk.suffix, O_RDONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode: 0o600)
    } catch {
      throw CrampedDisk.refusal(error.reason)
    }
    flock(lock.number, LOCK_EX | LOCK_NB)
    do throws(SystemError) {
      try DurableFile.createFolder(path)
      // The server of a target runs under an account of its own, which must get to its folder.
      try CrampedDisk.mount(path, MS_NOSUID | MS_NODEV, "size=\(size),mode=0711")
    } catch {
      CrampedDisk.remove(path)
      throw CrampedDisk.refusal(error.reason)
    }
  }

  deinit { CrampedDisk.remove(path) }

  /// Throws `targetFull` where so many bytes are too much for a disk in memory.
  func check(needing bytes: UInt64) throws(Failure) {
    guard bytes > size / 2 else { return }
    throw Failure(
      .targetFull, "\(bytes) bytes are too much for a disk in memory, and target-full needs one",
      at: "scenario target-full", next: "Rehearse it with a smaller component.")
  }

  /// Takes away what is left of its room. False where that was not possible.
  func fill() -> Bool {
    // What is written meanwhile makes the size too small to be accepted: look again.
    for _ in 0..<1000 {
      var status = statvfs()
      guard statvfs(path, &status) == 0 else { return false }
      let used = (UInt64(status.f_blocks) - UInt64(status.f_bfree)) * UInt64(status.f_frsize)
      do throws(SystemError) {
        try CrampedDisk.mount(path, MS_REMOUNT | MS_NOSUID | MS_NODEV, "size=\(max(used, UInt64(status.f_frsize)))")
        return true
      } catch {
        guard error.number == EINVAL else { return false }
      }
    }
    return false
  }

  /// Gives it its room back.
  func makeRoom() throws(Failure) {
    do throws(SystemError) {
      try CrampedDisk.mount(path, MS_REMOUNT | MS_NOSUID | MS_NODEV, "size=\(size)")
    } catch {
      throw error.failure(.targetRefused, "the disk of the drill cannot be made larger")
    }
  }

  /// Unmounts it and makes sure that it is gone: what it holds is decrypted.
  func remove() throws(Failure) {
    CrampedDisk.remove(path)
    guard access(path, F_OK) != 0 else {
      throw Failure(
        .targetRefused, "the disk of the drill cannot be removed", at: path, next: "As root, run: umount -l \(path)")
    }
  }

  private static func remove(_ path: String) {
    umount2(path, Int32(MNT_DETACH))
    rmdir(path)
    unlink(path + suffix)
  }

  /// Removes what killed drills left behind.
  private static func sweep() {
    guard let stream = opendir(parent) else { return }
    defer { closedir(stream) }
    while let entry = readdir(stream) {
      let bytes = withUnsafeBytes(of: entry.pointee.d_name) { Array($0.prefix { $0 != 0 }) }
      var status = stat()
      guard let name = String(validating: bytes, as: UTF8.self), name.hasPrefix(prefix), name.hasSuffix(suffix),
        lstat("\(parent)/\(name)", &status) == 0, time(nil) - status.st_mtim.tv_sec > settling,
        let lock = try? Descriptor.open("\(parent)/\(name)", O_RDONLY | O_NOFOLLOW),
        flock(lock.number, LOCK_EX | LOCK_NB) == 0
      else { continue }
      remove("\(parent)/\(name.dropLast(suffix.count))")
    }
  }

  private static func mount(_ path: String, _ flags: Int, _ options: String) throws(SystemError) {
    _ = try retrying("mount", path) { Glibc.mount("tmpfs", path, "tmpfs", UInt(flags), options) }
  }

  private static func refusal(_ why: String) -> Failure {
    Failure(
      .targetRefused, "target-full needs a small disk of the drill's own: \(why)", at: "scenario target-full",
      next: "Run this drill as root, where file systems may be mounted.")
  }
}
