import Glibc

/// An account of this machine.
struct SystemAccount {
  let name: String
  let user: uid_t
  let group: gid_t

  /// Looks it up; nil if there is none.
  init?(named name: String) {
    var entry = passwd()
    var found: UnsafeMutablePointer<passwd>?
    let isThere = withUnsafeTemporaryAllocation(of: CChar.self, capacity: 16_384) { room in
      guard let base = room.baseAddress else { return false }
      return getpwnam_r(name, &entry, base, room.count, &found) == 0 && found != nil
    }
    guard isThere else { return nil }
    self.name = name
    user = entry.pw_uid
    group = entry.pw_gid
  }
}
