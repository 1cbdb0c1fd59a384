import Bytes
import Glibc

/// Plain file access for tests, without durability.
package enum Files {
  /// A whole file.
  package static func read(_ path: String) throws -> [UInt8] { try DurableFile.read(path, limit: 1 << 30) }

  /// Creates or replaces a file.
  package static func write(_ path: String, _ bytes: some Sequence<UInt8>) throws {
    let file = try Descriptor.open(path, O_WRONLY | O_CREAT | O_TRUNC, mode: 0o600)
    try Array(bytes).withUnsafeBytes { try file.write($0) }
  }

  /// Whether something has this path; links count as themselves.
  package static func exists(_ path: String) -> Bool {
    var status = stat()
    return lstat(path, &status) == 0
  }

  /// The names in a folder, sorted, hidden ones too; none if it isn't there.
  package static func names(in folder: String) -> [String] {
    guard let stream = opendir(folder) else { return [] }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
        pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name != ".", name != ".." { names.append(name) }
    }
    return names.sorted()
  }

  /// Every regular file below a folder, relative to it, sorted.
  package static func tree(_ folder: String) -> [String] {
    names(in: folder).flatMap { name -> [String] in
      var status = stat()
      guard lstat("\(folder)/\(name)", &status) == 0 else { return [] }
      switch status.st_mode & S_IFMT {
      case S_IFDIR: return tree("\(folder)/\(name)").map { "\(name)/\($0)" }
      case S_IFREG: return [name]
      default: return []
      }
    }
    .sorted()
  }

  /// Prints a line on standard error.
  package static func say(_ line: String) {
    let bytes = Array("\(line)\n".utf8)
    _ = bytes.withUnsafeBytes { Glibc.write(2, $0.baseAddress, $0.count) }
  }
}
