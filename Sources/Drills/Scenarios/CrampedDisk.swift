import Bytes
import Glibc

/// A disk of a drill's own that can be made full at a moment of one's choice: a file system in memory, mounted in a
/// folder that goes when the drill goes. Needs root.
final class CrampedDisk: Sendable {
  /// Where it is mounted.
  let path: String
  private let folder: DrillFolder
  /// Bytes that it may take in all.
  private let size: UInt64

  /// Mounts it.
  ///
  /// - Parameter parent: the folder in which it is made; nil for the usual one
  /// - Throws: `targetRefused` without the right to mount
  init(in parent: String?) throws(Failure) {
    guard geteuid() == 0 else { throw CrampedDisk.refusal("only root may mount one") }
    folder = try DrillFolder(in: parent)
    path = "\(folder.path)/\(DrillFolder.mountName)"
    size = MachineMemory.available() / 2
    do throws(SystemError) {
      // The server of a target runs under an account of its own, which must get to its folder.
      _ = try retrying("chmod", folder.path) { [folder] in chmod(folder.path, 0o711) }
      try DurableFile.createFolder(path)
      try CrampedDisk.mount(path, MS_NOSUID | MS_NODEV, "size=\(size),mode=0711")
    } catch {
      throw CrampedDisk.refusal(error.reason)
    }
  }

  deinit { umount2(path, Int32(MNT_DETACH)) }

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

  /// Unmounts it and removes its folder.
  func remove() throws(Failure) {
    if umount2(path, Int32(MNT_DETACH)) != 0, errno != EINVAL, errno != ENOENT {
      throw SystemError(call: "umount", subject: path, number: errno)
        .failure(.targetRefused, "the disk of the drill cannot be unmounted")
    }
    try folder.remove()
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
