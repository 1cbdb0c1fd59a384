import Bytes
import Glibc

/// The comment on a database that is being loaded: whose it is, so that a later run knows what an earlier one left.
struct LoadMark: Equatable {
  private static let head = "lifeboat is restoring this database"

  /// The machine and its boot.
  let host: String
  let process: Int32
  /// When the process began, as the system counts.
  let begun: String
  /// The name that the database is to get.
  let target: String

  /// Of this process.
  init(target: String) {
    host = LoadMark.machine()
    process = getpid()
    begun = LoadMark.beginning(of: process) ?? ""
    self.target = target
  }

  /// Reads what `text` wrote.
  init?(_ text: String) {
    let lines = text.split(separator: "\n", maxSplits: 4, omittingEmptySubsequences: false).map(String.init)
    guard lines.count == 5, lines[0] == LoadMark.head, let process = Int32(lines[2]) else { return nil }
    host = lines[1]
    self.process = process
    begun = lines[3]
    target = lines[4]
  }

  var text: String { [LoadMark.head, host, "\(process)", begun, target].joined(separator: "\n") }

  /// What is known of the process that made it.
  enum Maker: Equatable {
    case running
    case ended
    /// It ran on another machine.
    case elsewhere
  }

  var maker: Maker {
    guard host == LoadMark.machine() else { return .elsewhere }
    return LoadMark.beginning(of: process) == begun && !begun.isEmpty ? .running : .ended
  }

  private static func machine() -> String {
    let boot = (try? DurableFile.read("/proc/sys/kernel/random/boot_id", limit: 100)) ?? []
    var name = [CChar](repeating: 0, count: 256)
    gethostname(&name, name.count - 1)
    let host = String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    return "\(host) \(String(decoding: boot.prefix { $0 != 0x0a }, as: UTF8.self))"
  }

  /// The 22nd field of `stat`; those before may hold spaces only within parentheses.
  private static func beginning(of process: Int32) -> String? {
    guard let bytes = try? DurableFile.read("/proc/\(process)/stat", limit: 65_536) else { return nil }
    let text = String(decoding: bytes, as: UTF8.self)
    guard let end = text.lastIndex(of: ")") else { return nil }
    let fields = text[end...].split(separator: " ")
    return fields.count > 20 ? String(fields[20]) : nil
  }
}
