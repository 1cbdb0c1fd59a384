import Bytes
import Glibc

/// A process of a scratch server, told from a later one of the same number by the moment of its start.
struct ServerProcess: Equatable, Sendable {
  let number: pid_t
  /// In ticks since the machine started, as the kernel counts.
  let began: UInt64

  /// One that runs; nil for a number that nobody has, and for one that only waits to be reaped.
  init?(running number: pid_t) {
    guard let bytes = try? DurableFile.read("/proc/\(number)/stat", limit: 65_536) else { return nil }
    let text = String(decoding: bytes, as: UTF8.self)
    // Those before may hold spaces only within parentheses.
    guard let end = text.lastIndex(of: ")") else { return nil }
    let fields = text[text.index(after: end)...].split(separator: " ")
    guard fields.count > 19, fields[0] != "Z", fields[0] != "X", let began = UInt64(fields[19]) else { return nil }
    self.number = number
    self.began = began
  }

  /// Reads what `text` wrote.
  init?(_ text: String) {
    let words = text.split(whereSeparator: \.isWhitespace)
    guard words.count == 2, let number = pid_t(words[0]), number > 1, let began = UInt64(words[1]) else { return nil }
    self.number = number
    self.began = began
  }

  var text: String { "\(number) \(began)\n" }

  var isAlive: Bool { ServerProcess(running: number) == self }

  /// Ends it where it stands.
  func kill() { if isAlive { Glibc.kill(number, SIGKILL) } }

  // MARK: - All of a folder

  /// The file of a drill's folder that names the server's first process.
  static let fileName = "process"
  /// The folder of a drill's folder that belongs to the server: its processes work in there.
  static let serverName = "server"

  /// Every process that works in the server's part of a drill's folder. That is how the kernel knows them: those that a
  /// killed server leaves behind have another parent by then.
  static func all(in folder: String) -> [ServerProcess] {
    guard let stream = opendir("/proc") else { return [] }
    defer { closedir(stream) }
    let head = Array("\(folder)/\(serverName)/".utf8)
    var found: [ServerProcess] = []
    while let entry = readdir(stream) {
      let name = withUnsafeBytes(of: entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
      guard let number = pid_t(name), number != getpid(), workingFolder(of: number).starts(with: head),
        let process = ServerProcess(running: number)
      else { continue }
      found.append(process)
    }
    return found
  }

  private static func workingFolder(of process: pid_t) -> [UInt8] {
    var room = [UInt8](repeating: 0, count: 4096)
    let count = room.withUnsafeMutableBytes { room in
      guard let base = room.bindMemory(to: CChar.self).baseAddress else { return -1 }
      return readlink("/proc/\(process)/cwd", base, room.count)
    }
    return count > 0 ? Array(room[..<count]) : []
  }

  /// Ends everything that works in a drill's folder, and what its file names.
  ///
  /// - Returns: false if something is still there after ten seconds
  @discardableResult
  static func endAll(in folder: String) -> Bool {
    let noted = (try? DurableFile.read("\(folder)/\(fileName)", limit: 100)).flatMap {
      ServerProcess(String(decoding: $0, as: UTF8.self))
    }
    for _ in 0..<500 {
      noted?.kill()
      let left = all(in: folder)
      if left.isEmpty, noted?.isAlive != true { return true }
      for process in left { process.kill() }
      usleep(20_000)
    }
    return false
  }
}
