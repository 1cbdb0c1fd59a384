import Bytes
import Glibc

/// A file that only one account can read, gone with its owner.
final class SecretFile: Sendable {
  private let folder: ScratchFolder
  let path: String

  /// - Parameters:
  ///   - bytes: what it holds
  ///   - account: who may read it; nil for ourselves
  ///   - name: what it is called in its folder
  init(_ bytes: [UInt8], for account: SystemAccount?, named name: String = "options") throws(Failure) {
    folder = try ScratchFolder(in: ScratchFolder.standardParent(), needing: UInt64(bytes.count))
    path = "\(folder.path)/\(name)"
    do throws(SystemError) {
      let file = try Descriptor.open(path, O_WRONLY | O_CREAT | O_EXCL, mode: 0o600)
      let number = file.number
      if let account {
        // The folder's name is random, and others may pass through it only.
        let folder = folder.path
        _ = try retrying("chmod", folder) { chmod(folder, 0o711) }
        _ = try retrying("fchown", path) { fchown(number, account.user, account.group) }
      }
      var content = Buffer(capacity: bytes.count)
      bytes.withUnsafeBytes { content.replace(with: $0) }
      try content.withBytes { (bytes) throws(SystemError) in try file.write(bytes) }
    } catch {
      throw error.failure(.scratchFull, "can't hand the password over", next: "Check the space in TMPDIR or /var/tmp.")
    }
  }
}
