import CLinux

/// Renames a file unless the new name is taken; false with `errno` set if it fails.
///
/// Here because this is the one target that imports `CLinux`.
///
/// - Parameters:
///   - old: the name in `folder`
///   - folder: an open folder
///   - new: the name in `target`
///   - target: an open folder of the same file system
package func renameWithoutReplacing(from old: String, in folder: Int32, to new: String, in target: Int32) -> Bool {
  linux_rename_new(folder, old, target, new) == 0
}
