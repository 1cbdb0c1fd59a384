package import Bytes
package import Format
import Glibc

/// Restores streams below a folder, never outside of it: every part of a name is opened without following links.
///
/// The folder must be empty, or hold what an interrupted restore left there (it carries a marker, and is cleared).
package final class FolderSink: RestoreSink {
  private let root: RootFolder
  private var file: OpenFile?
  private var isUnflushed = false
  /// Folders whose modes and times are set last: making files below would change them.
  private var folders: [StreamEntry] = []

  private struct OpenFile {
    let descriptor: Int32
    let place: Place
    let stream: StreamEntry
  }

  /// Opens or makes the folder.
  ///
  /// - Throws: `targetRefused` if it is not empty
  package init(_ path: String) throws(Failure) { root = try RootFolder(path) }

  deinit { abandon() }

  package func begin(_ stream: StreamEntry) throws(Failure) {
    guard StreamEntry.isSafe(stream.name) else {
      throw Failure(.damaged, "a stream would be restored outside of the target", at: stream.displayName)
    }
    let place = try root.place(of: stream.name, makingFolders: true)
    switch stream.kind {
    case .dump, .file:
      let number = place.call { openat($0, $1, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600) }
      try check(number, "the file cannot be made", stream)
      file = OpenFile(descriptor: number, place: place, stream: stream)
    case .folder:
      let status = place.call { mkdirat($0, $1, 0o700) }
      // A folder that was made for what lies in it is there already; a link that leads to one does not count.
      let isThere = status != 0 && errno == EEXIST && place.openFolder() != nil
      if !isThere { try check(status, "the folder cannot be made", stream) }
      folders.append(stream)
    case .symbolicLink:
      let status = place.call { folder, leaf in
        (stream.target + [0]).withUnsafeBufferPointer { target in
          target.withMemoryRebound(to: CChar.self) { symlinkat($0.baseAddress!, folder, leaf) }
        }
      }
      try check(status, "the symbolic link cannot be made", stream)
      place.setLinkAttributes(of: stream)
    }
  }

  package func write(_ bytes: UnsafeRawBufferPointer) throws(Failure) {
    guard let file else { throw Failure(.defect, "bytes for no file") }
    var rest = bytes
    while !rest.isEmpty {
      let count = Glibc.write(file.descriptor, rest.baseAddress, rest.count)
      if count < 0, errno == EINTR { continue }
      try check(Int32(clamping: count), "the file cannot be written", file.stream)
      rest = UnsafeRawBufferPointer(rebasing: rest[count...])
    }
  }

  package func writeHole(_ count: UInt64) throws(Failure) {
    guard let file else { throw Failure(.defect, "a hole for no file") }
    let end = lseek(file.descriptor, off_t(count), SEEK_CUR)
    try check(end < 0 ? -1 : ftruncate(file.descriptor, end), "the file cannot be written", file.stream)
  }

  package func end() throws(Failure) {
    guard let file else { return }
    // A dump is what a recovery hangs on: it must have reached the disk before anybody counts on it.
    if file.stream.kind == .dump {
      try check(fsync(file.descriptor), "the file cannot be written", file.stream)
    } else {
      isUnflushed = true
    }
    file.stream.setAttributes(of: file.descriptor)
    close(file.descriptor)
    self.file = nil
  }

  package func finish() throws(Failure) {
    for stream in folders.reversed() {
      guard let folder = try root.place(of: stream.name, makingFolders: false).openFolder() else {
        return try check(-1, "the folder cannot be opened", stream)
      }
      stream.setAttributes(of: folder.number)
    }
    try root.finish(flushes: isUnflushed)
  }

  package func abandon() {
    guard let file else { return }
    close(file.descriptor)
    _ = file.place.call { unlinkat($0, $1, 0) }
    self.file = nil
  }

  private func check(_ status: Int32, _ what: String, _ stream: StreamEntry) throws(Failure) {
    guard status < 0 else { return }
    let error = SystemError(call: "", subject: "\(root.path)/\(stream.displayName)", number: errno)
    let isFull = error.number == ENOSPC || error.number == EDQUOT
    throw error.failure(
      isFull ? .targetFull : .targetRefused, what, next: isFull ? "Free space there, or name another target." : "")
  }
}
