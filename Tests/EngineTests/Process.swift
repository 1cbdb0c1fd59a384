import Bytes
import Glibc
import TestKit

/// What the kernel says of this process, for tests that must leave nothing behind.
enum OwnProcess {
  /// The names of threads of runs that are still there after a while: one that nobody waits for may need a moment, and
  /// runs of other suites come to their end. Threads of a child end with it, and children are looked for by themselves:
  /// other suites have servers that live on.
  static func remainingThreads() -> [String] {
    for _ in 0..<3_000 where !runThreads().isEmpty { sleep(milliseconds: 10) }
    return runThreads()
  }

  /// The names of threads that belong to runs.
  private static func runThreads() -> [String] {
    Files.names(in: "/proc/self/task").compactMap { number in
      guard let bytes = try? Files.read("/proc/self/task/\(number)/comm") else { return nil }
      let name = String(decoding: bytes.dropLast(), as: UTF8.self)
      return ["backup", "restore", "examine"].contains { name.hasPrefix($0) } ? name : nil
    }
  }

  /// The children that are still there after a while, zombies too, of those that the sources of these tests run: other
  /// suites have children of their own meanwhile.
  static func remainingChildren() -> [String] {
    for _ in 0..<100 where !children().isEmpty { sleep(milliseconds: 10) }
    return children()
  }

  private static func children() -> [String] {
    Files.names(in: "/proc/self/task").flatMap { number -> [String] in
      guard let bytes = try? Files.read("/proc/self/task/\(number)/children") else { return [] }
      return String(decoding: bytes, as: UTF8.self).split(separator: " ").compactMap { child in
        guard let name = try? Files.read("/proc/\(child)/comm") else { return nil }
        let command = String(decoding: name.dropLast(), as: UTF8.self)
        return ["sh", "cat", "sleep", "sqlite3"].contains(command) ? "\(command) \(child)" : nil
      }
    }
  }

  /// Sleeps.
  static func sleep(milliseconds: Int) { usleep(UInt32(milliseconds) * 1000) }
}
