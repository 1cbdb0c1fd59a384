import Bytes
import Glibc

/// Secrets in files for tools, readable by the account of the tool alone.
enum PrivateFile {
  /// Writes a file of mode 0600 into a folder of ours.
  ///
  /// - Parameter account: who must be able to read it, and gets the folder with it, where we are root; nil for us
  static func write(_ bytes: [UInt8], to path: String, in folder: String, for account: String?) throws(Failure) {
    do {
      try write(bytes, to: path)
    } catch {
      throw error.failure(.scratchFull, "can't write a file for a password", next: "Set TMPDIR to a folder of yours.")
    }
    guard let account, geteuid() == 0 else { return }
    guard let owner = Account.named(account) else {
      throw Failure(.profileInvalid, "there is no account \(account)", at: "tools.account")
    }
    guard chown(path, owner.user, owner.group) == 0, chown(folder, owner.user, owner.group) == 0 else {
      throw SystemError(call: "chown", subject: path, number: errno)
        .failure(.scratchFull, "can't hand a file to the account \(account)")
    }
  }
}

extension PrivateFile {
  /// A new file with these bytes, open to be read from its start.
  static func temporary(_ path: String, _ bytes: [UInt8]) throws(SystemError) -> Descriptor {
    let file = try Descriptor.open(path, O_RDWR | O_CREAT | O_EXCL)
    var buffer = Buffer(capacity: bytes.count)
    bytes.withUnsafeBytes { buffer.replace(with: $0) }
    try buffer.withBytes { (bytes) throws(SystemError) in try file.write(bytes, at: 0) }
    return file
  }

  private static func write(_ bytes: [UInt8], to path: String) throws(SystemError) {
    let file = try temporary(path, bytes)
    _ = consume file
  }
}

/// An account of this machine.
struct Account {
  let user: uid_t
  let group: gid_t

  /// Looks it up; nil if there is none.
  static func named(_ name: String) -> Account? {
    var entry = passwd()
    var found: UnsafeMutablePointer<passwd>?
    return withUnsafeTemporaryAllocation(of: CChar.self, capacity: 16_384) { room in
      guard let base = room.baseAddress, getpwnam_r(name, &entry, base, room.count, &found) == 0, found != nil else {
        return nil
      }
      return Account(user: entry.pw_uid, group: entry.pw_gid)
    }
  }
}
