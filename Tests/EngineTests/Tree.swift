import Bytes
import Glibc
import TestKit

/// A folder with all that is in it, by names that are bytes: to make odd ones and to compare them.
enum Tree {
  /// One file, folder or link as `lstat` shows it.
  struct Entry: Equatable {
    var mode: UInt32
    var owner: UInt32
    var modified: Int64
    var bytes: [UInt8] = []
  }

  /// Everything below a folder but the folder itself.
  static func entries(_ root: String) throws -> [[UInt8]: Entry] {
    var entries: [[UInt8]: Entry] = [:]
    try visit(try Descriptor.open(root, O_RDONLY | O_DIRECTORY), path: [], &entries)
    return entries
  }

  /// What differs between two folders, in words; empty if nothing does.
  static func differences(_ one: String, _ other: String) throws -> [String] {
    let (left, right) = (try entries(one), try entries(other))
    var found: [String] = []
    for (name, entry) in left where right[name] != entry {
      found.append("\(String(decoding: name, as: UTF8.self)): \(describe(entry)), \(describe(right[name]))")
    }
    for name in right.keys where left[name] == nil { found.append("new: \(String(decoding: name, as: UTF8.self))") }
    return found
  }

  /// Calls a system call below a folder, with a name of any bytes.
  @discardableResult
  static func at(_ folder: borrowing Descriptor, _ name: [UInt8], _ body: (Int32, UnsafePointer<CChar>) -> Int32)
    -> Int32
  {
    let number = folder.number
    return (name.map { CChar(bitPattern: $0) } + [0]).withUnsafeBufferPointer { body(number, $0.baseAddress!) }
  }

  /// Makes a file with a name of any bytes below a folder.
  static func file(_ folder: borrowing Descriptor, _ name: [UInt8], _ bytes: [UInt8], mode: UInt32 = 0o644) throws {
    let number = at(folder, name) { openat($0, $1, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600) }
    guard number >= 0 else { throw SystemError(call: "openat", subject: "", number: errno) }
    defer { close(number) }
    guard bytes.withUnsafeBytes({ write(number, $0.baseAddress, $0.count) }) == bytes.count else {
      throw SystemError(call: "write", subject: "", number: errno)
    }
    fchmod(number, mode)
  }

  /// Makes a folder in a folder and opens it.
  static func folder(_ parent: borrowing Descriptor, _ name: [UInt8]) throws -> Descriptor {
    at(parent, name) { mkdirat($0, $1, 0o755) }
    let number = at(parent, name) { openat($0, $1, O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
    guard number >= 0 else { throw SystemError(call: "openat", subject: "", number: errno) }
    return Descriptor(owning: number)
  }

  private static func describe(_ entry: Entry?) -> String {
    guard let entry else { return "missing" }
    return "mode \(String(entry.mode, radix: 8)) owner \(entry.owner) time \(entry.modified) \(entry.bytes.count) bytes"
  }

  private static func visit(
    _ folder: borrowing Descriptor, path: [UInt8], _ entries: inout [[UInt8]: Entry]
  ) throws {
    for name in try names(in: folder) {
      var status = stat()
      guard at(folder, name, { fstatat($0, $1, &status, AT_SYMLINK_NOFOLLOW) }) == 0 else { continue }
      let full = path.isEmpty ? name : path + [UInt8(ascii: "/")] + name
      var entry = Entry(
        mode: status.st_mode, owner: status.st_uid,
        modified: Int64(status.st_mtim.tv_sec) * 1_000_000_000 + Int64(status.st_mtim.tv_nsec))
      switch status.st_mode & S_IFMT {
      case S_IFREG: entry.bytes = try contents(folder, name)
      case S_IFLNK: entry.bytes = target(folder, name)
      default:
        let number = at(folder, name) { openat($0, $1, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC) }
        if number >= 0 { try visit(Descriptor(owning: number), path: full, &entries) }
      }
      entries[full] = entry
    }
  }

  private static func names(in folder: borrowing Descriptor) throws -> [[UInt8]] {
    guard let stream = fdopendir(openat(folder.number, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)) else {
      throw SystemError(call: "fdopendir", subject: "", number: errno)
    }
    defer { closedir(stream) }
    var names: [[UInt8]] = []
    while let entry = readdir(stream) {
      let name = withUnsafeBytes(of: entry.pointee.d_name) { Array($0.prefix { $0 != 0 }) }
      if name != [0x2e] && name != [0x2e, 0x2e] { names.append(name) }
    }
    return names
  }

  private static func contents(_ folder: borrowing Descriptor, _ name: [UInt8]) throws -> [UInt8] {
    let number = at(folder, name) { openat($0, $1, O_RDONLY | O_NOFOLLOW | O_CLOEXEC) }
    guard number >= 0 else { throw SystemError(call: "openat", subject: "", number: errno) }
    defer { close(number) }
    var bytes: [UInt8] = []
    var part = [UInt8](repeating: 0, count: 65_536)
    while true {
      let count = part.withUnsafeMutableBytes { read(number, $0.baseAddress, $0.count) }
      if count <= 0 { return bytes }
      bytes += part[..<count]
    }
  }

  private static func target(_ folder: borrowing Descriptor, _ name: [UInt8]) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: Int(PATH_MAX))
    let count = bytes.withUnsafeMutableBytes { room in
      at(folder, name) { Int32(readlinkat($0, $1, room.bindMemory(to: CChar.self).baseAddress!, room.count)) }
    }
    return Array(bytes.prefix(Int(max(count, 0))))
  }
}
