import Glibc

/// The processes of one group, while its leader is not yet reaped: until then its number cannot mean anyone else.
struct ProcessGroup {
  /// The process number of the leader, which is the group's.
  let leader: pid_t

  func signal(_ number: Int32) { kill(-leader, number) }

  /// Whether a process of the group still runs; zombies do not. False where there is no `/proc`.
  ///
  /// `kill` with signal zero would not do: it counts the leader, which stays a zombie until the group is gone.
  var isAlive: Bool {
    guard let folder = opendir("/proc") else { return false }
    defer { closedir(folder) }
    while let entry = readdir(folder) {
      let process = withUnsafePointer(to: &entry.pointee.d_name) { name in
        name.withMemoryRebound(to: CChar.self, capacity: 256) { atoi($0) }
      }
      if process > 0, isMember(process) { return true }
    }
    return false
  }

  /// Reads `/proc/<number>/stat`: after the name in brackets come state, parent and group.
  private func isMember(_ process: pid_t) -> Bool {
    let file = open("/proc/\(process)/stat", O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { return false }
    defer { close(file) }
    return withUnsafeTemporaryAllocation(byteCount: 512, alignment: 1) { buffer in
      let count = read(file, buffer.baseAddress, buffer.count)
      guard count > 0 else { return false }
      let text = buffer[..<count]
      guard let end = text.lastIndex(of: UInt8(ascii: ")")) else { return false }
      let fields = text[(end + 1)...].split(separator: UInt8(ascii: " "), maxSplits: 3)
      guard fields.count > 2, let state = fields[0].first else { return false }
      let isOver = state == UInt8(ascii: "Z") || state == UInt8(ascii: "X")
      return !isOver && Int32(String(decoding: fields[2], as: UTF8.self)) == leader
    }
  }
}
