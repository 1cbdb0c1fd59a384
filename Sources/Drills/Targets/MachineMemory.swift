import Bytes
import Glibc

/// Memory that programs of ours may take.
enum MachineMemory {
  /// Bytes that are free for a server now: what the kernel calls available, within the limit of our control group;
  /// 512 MiB where nobody says.
  static func available() -> UInt64 {
    let machine = field("MemAvailable:", of: "/proc/meminfo").map { $0 << 10 }
    let limits = ["/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"].compactMap(number)
    return ([machine].compactMap { $0 } + limits).min() ?? 512 << 20
  }

  private static func field(_ name: String, of file: String) -> UInt64? {
    let line = text(file)?.split(separator: "\n").first { $0.hasPrefix(name) }
    return line?.split(separator: " ").dropFirst().first.flatMap { UInt64($0) }
  }

  private static func number(_ file: String) -> UInt64? {
    text(file).flatMap { UInt64($0.split(whereSeparator: \.isWhitespace).first ?? "") }
  }

  private static func text(_ file: String) -> String? {
    (try? DurableFile.read(file, limit: 65_536)).map { String(decoding: $0, as: UTF8.self) }
  }
}
