import Bytes
import Glibc
import Profiles

/// Room on a disk.
enum FreeSpace {
  /// Bytes that are free on a folder's disk.
  ///
  /// - Throws: `targetRefused` where that cannot be told
  static func bytes(in folder: String) throws(Failure) -> UInt64 {
    var status = statvfs()
    guard statvfs(folder, &status) == 0 else {
      throw SystemError(call: "statvfs", subject: folder, number: errno)
        .failure(.targetRefused, "the free space cannot be told")
    }
    return UInt64(status.f_bavail) * UInt64(status.f_frsize)
  }

  /// Throws `targetFull` unless so many bytes fit.
  static func check(_ folder: String, needing needed: UInt64) throws(Failure) {
    let free = try bytes(in: folder)
    guard needed <= free else {
      throw Failure(
        .targetFull,
        "the restored data needs about \(ByteCount(needed).rounded), and \(ByteCount(free).rounded) are free",
        at: folder,
        next: "Free space, or set target.folder to a larger disk.")
    }
  }
}
