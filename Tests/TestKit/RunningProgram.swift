import Bytes
import Glibc

/// A program while it runs, for tests that kill it, or do something to what it works with.
package final class RunningProgram: @unchecked Sendable {
  private let process: pid_t
  private let files = TemporaryFolder()
  private var ended: Int32?

  /// Starts it with nothing to read and with its output in files.
  ///
  /// - Parameters:
  ///   - words: the program's path and its arguments
  ///   - environment: the variables that it sees
  package init(_ words: [String], environment: [String: String]) throws {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_addopen(&actions, 1, files.path("out"), O_WRONLY | O_CREAT, 0o600)
    posix_spawn_file_actions_addopen(&actions, 2, files.path("err"), O_WRONLY | O_CREAT, 0o600)
    var arguments = words.map { strdup($0) } + [nil]
    var variables = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
    defer { for pointer in arguments + variables { free(pointer) } }
    var started = pid_t()
    let status = posix_spawn(&started, words[0], &actions, nil, &arguments, &variables)
    guard status == 0 else { throw SystemError(call: "posix_spawn", subject: words[0], number: status) }
    process = started
  }

  deinit {
    if ended == nil {
      signal(SIGKILL)
      wait()
    }
  }

  /// Sends it a signal. It has not been waited for, so the number is still its own.
  package func signal(_ number: Int32) {
    if ended == nil { kill(process, number) }
  }

  /// Waits for its end: the exit status, or minus the number of the signal that killed it.
  @discardableResult
  package func wait() -> Int32 { end(0) ?? -1 }

  /// Whether it has ended.
  package var hasEnded: Bool { end(WNOHANG) != nil }

  /// Bytes of memory of its own at present: without the pages of its file. Zero once it has ended.
  package var memory: Int {
    guard let bytes = try? Files.read("/proc/\(process)/status") else { return 0 }
    return String(decoding: bytes, as: UTF8.self).split(separator: "\n").reduce(0) { sum, line in
      let words = line.split { $0 == " " || $0 == "\t" || $0 == ":" }
      guard words.count > 1, ["RssAnon", "RssShmem"].contains(words[0]), let kibibytes = Int(words[1]) else {
        return sum
      }
      return sum + kibibytes * 1024
    }
  }

  /// What it has printed so far.
  package var output: String { text("out") }

  /// What it has said on standard error so far.
  package var errors: String { text("err") }

  private func text(_ name: String) -> String {
    (try? Files.read(files.path(name))).map { String(decoding: $0, as: UTF8.self) } ?? ""
  }

  private func end(_ options: Int32) -> Int32? {
    if let ended { return ended }
    var result: Int32 = 0
    var number = waitpid(process, &result, options)
    while number < 0, errno == EINTR { number = waitpid(process, &result, options) }
    guard number == process else { return nil }
    let signal = result & 0x7f
    ended = signal == 0 ? result >> 8 & 0xff : -signal
    return ended
  }
}
