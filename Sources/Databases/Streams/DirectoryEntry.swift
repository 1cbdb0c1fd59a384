import Glibc

/// What `readdir` gives.
enum DirectoryEntry {
  /// The name's bytes; nil for `.` and `..`.
  static func name(_ entry: UnsafeMutablePointer<dirent>) -> [UInt8]? {
    // The name ends with a zero byte and may be longer than the array that the type declares.
    let offset = MemoryLayout<dirent>.offset(of: \.d_name) ?? 0
    let base = UnsafeRawPointer(entry) + offset
    let name = Array(UnsafeRawBufferPointer(start: base, count: strlen(base.assumingMemoryBound(to: CChar.self))))
    return name == [0x2e] || name == [0x2e, 0x2e] ? nil : name
  }
}
