import Bytes
import Glibc
import Profiles
import Repository

/// Opens the reference cache of a component where its tuning puts it.
enum ReferenceOpening {
  /// Opens it for a backup; nil if there is to be none.
  ///
  /// - Throws: `stateFailed` if it cannot be used
  static func open(_ component: String, _ tuning: Tuning, for access: WriterAccess) throws(Failure) -> ReferenceRun? {
    guard let place = try place(component, tuning, state: access.repository.state) else { return nil }
    return try ReferenceRun(place.path, limit: place.limit, access: access)
  }

  /// The component's folder and what it may come to; nil if the cache is switched off or this run keeps no state.
  static func place(
    _ component: String, _ tuning: Tuning, state: HostState?
  ) throws(Failure) -> (path: String, limit: UInt64)? {
    guard let state else { return nil }
    let limit = tuning.cacheSize?.count ?? ReferenceRun.standardLimit
    switch tuning.cache ?? .disk {
    case .off: return nil
    case .disk: return (state.referenceFolder(component: component), limit)
    case .memory: return ("\(try memoryFolder())/\(state.repository.hex)/\(component)", limit)
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
