import Bytes
import Glibc
import Profiles
import Repository

/// Opens the reference cache of a component where its tuning puts it.
enum ReferenceOpening {
  /// Nil if there is to be none: switched off, or this run keeps no state.
  ///
  /// - Throws: `stateFailed` if it cannot be used
  static func open(_ component: String, _ tuning: Tuning, for access: WriterAccess) throws(Failure) -> ReferenceRun? {
    guard let state = access.repository.state else { return nil }
    let limit = tuning.cacheSize?.count ?? ReferenceRun.standardLimit
    switch tuning.cache ?? .disk {
    case .off: return nil
    case .disk: return try ReferenceRun(state.referenceFolder(component: component), limit: limit, access: access)
    case .memory:
      let folder = try memoryFolder() + "/\(access.repository.id.hex)/\(component)"
      return try ReferenceRun(folder, limit: limit, access: access)
    }
  }

  /// This account's folder in memory. Others may write beside it, so it counts only if it is ours alone.
  private static func memoryFolder() throws(Failure) -> String {
    let path = "/dev/shm/lifeboat-\(geteuid())"
    mkdir(path, 0o700)
    var status = stat()
    guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR, status.st_uid == geteuid(),
      status.st_mode & 0o077 == 0
    else {
      throw Failure(
        .stateFailed, "the reference cache cannot lie in memory", at: path,
        next: "Somebody else made this folder, or it is open to others: remove it, or choose tuning.cache: disk.")
    }
    return path
  }
}
