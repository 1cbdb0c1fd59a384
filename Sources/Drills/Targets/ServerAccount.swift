import Bytes
import Glibc
import Pipeline

/// The account that a scratch server runs as where lifeboat runs as root.
struct ServerAccount: Sendable {
  let name: String
  let user: uid_t
  let group: gid_t

  /// Picks one: the one that the drill names, else the first of `usual` that this machine has, else `nobody`.
  ///
  /// - Returns: nil where lifeboat is not root: the server runs as lifeboat does
  /// - Throws: `targetRefused` for one that isn't there, is root, or that we may not become
  static func pick(_ wanted: String?, usual: [String]) throws(Failure) -> ServerAccount? {
    let isRoot = geteuid() == 0
    if let wanted {
      guard let account = ServerAccount(named: wanted) else {
        throw Failure(.targetRefused, "there is no account \(wanted)", at: "target.account")
      }
      guard isRoot || account.user == geteuid() else {
        throw Failure(
          .targetRefused, "only root can run a server as \(wanted)", at: "target.account",
          next: "Run lifeboat as root or as \(wanted), or take it out.")
      }
      guard account.user != 0 else {
        throw Failure(
          .targetRefused, "a scratch server never runs as root", at: "target.account", next: "Name another account.")
      }
      return isRoot ? account : nil
    }
    guard isRoot else { return nil }
    for name in usual + ["nobody"] {
      if let account = ServerAccount(named: name), account.user != 0 { return account }
    }
    throw Failure(
      .targetRefused, "no account to run a server as: \((usual + ["nobody"]).joined(separator: ", "))",
      next: "Name one in target.account, or run lifeboat as another account than root.")
  }

  private init?(named name: String) {
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

  /// What stands before a program that is to run as this account. The kernel forgets the signal at a parent's death
  /// when the account changes, so it is asked for once more.
  var prefix: [String] {
    [
      "setpriv", "--reuid=\(user)", "--regid=\(group)", "--clear-groups", "--no-new-privs", "--pdeathsig=KILL", "--",
    ]
  }
}
