package import Bytes
import CLinux

/// Flushes everything of the file system that an open file or folder lies on: one call instead of one for each of many
/// new files. Reports what could not be written since the descriptor was opened.
///
/// Here because this is the one target that imports `CLinux`.
package func flushFileSystem(of descriptor: Int32) throws(SystemError) {
  _ = try retrying("syncfs", "") { linux_syncfs(descriptor) }
}
