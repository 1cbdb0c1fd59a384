import Bytes
import Glibc
import Pipeline

/// One walk over a folder that others may change meanwhile. Names are opened below the open folder and never through a
/// symbolic link, so nobody can lead the walk elsewhere by swapping a folder for a link.
final class DirectoryWalk {
  /// Each level holds a descriptor open.
  private static let depthLimit = 256
  /// The longest path that a snapshot holds, in bytes.
  private static let pathLimit = 4096

  private let sink: any StreamSink
  private let exclusion: Exclusion
  private let stop: StopSignal
  /// What makes the dump less than whole.
  private(set) var reasons = FewRemarks()
  /// What a person must look at.
  private(set) var warnings = FewRemarks()

  init(sink: any StreamSink, exclusion: Exclusion, stop: StopSignal) {
    self.sink = sink
    self.exclusion = exclusion
    self.stop = stop
  }

  /// Visits what is in an open folder.
  func visit(_ folder: borrowing Descriptor, path: [UInt8], depth: Int) throws(Failure) {
    guard depth < DirectoryWalk.depthLimit else {
      reasons.add("nested deeper than \(DirectoryWalk.depthLimit) folders: \(Printable.text(path))")
      return
    }
    let names: NameList
    do {
      names = try NameList(of: folder.number)
    } catch {
      reasons.add("can't list the folder \(path.isEmpty ? "itself" : Printable.text(path)): \(error.reason)")
      return
    }
    for place in 0..<names.count {
      try stop.check()
      let name = names[place]
      try visit(name, in: folder, path: path.isEmpty ? name : path + [UInt8(ascii: "/")] + name, depth: depth)
    }
  }

  private func visit(
    _ name: [UInt8], in folder: borrowing Descriptor, path: [UInt8], depth: Int
  ) throws(Failure) {
    var status = stat()
    let number = folder.number
    guard system(path, { withName(name) { fstatat(number, $0, &status, AT_SYMLINK_NOFOLLOW) } }) != nil else { return }
    let type = status.st_mode & S_IFMT
    if exclusion.matches(path: path, name: name, isFolder: type == S_IFDIR) { return }
    guard path.count <= DirectoryWalk.pathLimit else {
      reasons.add("a path longer than \(DirectoryWalk.pathLimit) bytes: \(Printable.text(Array(path.prefix(200))))…")
      return
    }
    switch type {
    case S_IFREG: try file(name, in: folder, path: path)
    case S_IFDIR: try self.folder(name, in: folder, path: path, depth: depth)
    case S_IFLNK: try link(name, in: folder, path: path, status)
    default: warnings.add("not stored, for it is no file, folder or link: \(Printable.text(path))")
    }
  }

  private func file(_ name: [UInt8], in folder: borrowing Descriptor, path: [UInt8]) throws(Failure) {
    // Not to block forever should the name have become a pipe.
    let flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | O_NOCTTY
    let number = folder.number
    guard let opened = system(path, { withName(name) { openat(number, $0, flags) } }) else { return }
    let file = Descriptor(owning: opened)
    var before = stat()
    guard system(path, { fstat(opened, &before) }) != nil else { return }
    guard before.st_mode & S_IFMT == S_IFREG else {
      warnings.add("changed its kind while it was looked at, not stored: \(Printable.text(path))")
      return
    }
    var stream = DumpedStream(name: path, kind: .file)
    stream.take(before)
    stream.expectedLength = UInt64(before.st_size)
    let summary = try sink.stream(stream, from: file.number)
    if let problem = summary.readingProblem {
      reasons.add("can't be read to its end: \(Printable.text(path)): \(problem)")
    }
    var after = stat()
    let isSame =
      fstat(file.number, &after) == 0 && after.st_size == before.st_size
      && after.st_mtim.tv_sec == before.st_mtim.tv_sec && after.st_mtim.tv_nsec == before.st_mtim.tv_nsec
      && summary.length == UInt64(before.st_size)
    if !isSame, summary.readingProblem == nil { warnings.add("changed while it was read: \(Printable.text(path))") }
  }

  private func folder(
    _ name: [UInt8], in folder: borrowing Descriptor, path: [UInt8], depth: Int
  ) throws(Failure) {
    let flags = O_RDONLY | O_NOFOLLOW | O_DIRECTORY | O_CLOEXEC
    let number = folder.number
    guard let opened = system(path, { withName(name) { openat(number, $0, flags) } }) else { return }
    let inner = Descriptor(owning: opened)
    var status = stat()
    guard system(path, { fstat(opened, &status) }) != nil else { return }
    var stream = DumpedStream(name: path, kind: .folder)
    stream.take(status)
    try sink.entry(stream)
    try visit(inner, path: path, depth: depth + 1)
  }

  private func link(
    _ name: [UInt8], in folder: borrowing Descriptor, path: [UInt8], _ status: stat
  ) throws(Failure) {
    var target = [UInt8](repeating: 0, count: Int(PATH_MAX))
    let number = folder.number
    let count = system(path) {
      target.withUnsafeMutableBytes { room in
        withName(name) { readlinkat(number, $0, room.bindMemory(to: CChar.self).baseAddress!, room.count) }
      }
    }
    guard let count else { return }
    var stream = DumpedStream(name: path, kind: .symbolicLink(target: Array(target.prefix(count))))
    stream.take(status)
    try sink.entry(stream)
  }

  /// Calls the system about a path; what has vanished is a warning, everything else a reason.
  private func system<Value: SignedInteger>(_ path: [UInt8], _ body: () -> Value) -> Value? {
    do {
      return try retrying("", "", body)
    } catch {
      if error.number == ENOENT {
        warnings.add("vanished before it was read: \(Printable.text(path))")
      } else {
        reasons.add("can't be read: \(Printable.text(path)): \(error.reason)")
      }
      return nil
    }
  }

  private func withName<Value>(_ name: [UInt8], _ body: (UnsafePointer<CChar>) -> Value) -> Value {
    (name + [0]).withUnsafeBytes { body($0.bindMemory(to: CChar.self).baseAddress!) }
  }
}
