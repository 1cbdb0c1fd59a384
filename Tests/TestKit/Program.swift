import Bytes
import Glibc

/// Runs programs to their end, for tests that need one as a tool or are about a whole process.
package enum Program {
  /// What came of it.
  package struct Outcome: Sendable {
    /// The exit status; minus the number of the signal that killed it.
    package let status: Int32
    /// All of standard output.
    package let output: [UInt8]
    /// All of standard error, as text.
    package let errors: String

    /// Standard output as text.
    package var text: String { String(decoding: output, as: UTF8.self) }
  }

  /// Runs a program, found in `PATH`.
  ///
  /// - Parameters:
  ///   - words: the program and its arguments
  ///   - input: what it reads on standard input
  ///   - environment: the variables it sees; nil for ours
  ///   - folder: its working directory; nil for ours
  package static func run(
    _ words: [String], input: [UInt8] = [], environment: [String: String]? = nil, in folder: String? = nil
  ) throws -> Outcome {
    let files = TemporaryFolder()
    try Files.write(files.path("in"), input)
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, files.path("in"), O_RDONLY, 0)
    posix_spawn_file_actions_addopen(&actions, 1, files.path("out"), O_WRONLY | O_CREAT | O_EXCL, 0o600)
    posix_spawn_file_actions_addopen(&actions, 2, files.path("err"), O_WRONLY | O_CREAT | O_EXCL, 0o600)
    // A test of signals may have blocked some in this process: a program begins with none blocked.
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var none = sigset_t()
    sigemptyset(&none)
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
    let words = folder.map { ["/usr/bin/env", "-C", $0] + words } ?? words
    let variables = environment.map { $0.map { "\($0.key)=\($0.value)" } }
    var process = pid_t()
    let status = strings(words) { arguments in
      strings(variables ?? []) { list in
        posix_spawnp(&process, words[0], &actions, &attributes, arguments, variables == nil ? environ : list)
      }
    }
    guard status == 0 else { throw SystemError(call: "posix_spawnp", subject: words[0], number: status) }
    var result: Int32 = 0
    _ = try retrying("waitpid", "") { waitpid(process, &result, 0) }
    let signal = result & 0x7f
    return Outcome(
      status: signal == 0 ? result >> 8 & 0xff : -signal, output: try Files.read(files.path("out")),
      errors: String(decoding: try Files.read(files.path("err")), as: UTF8.self))
  }

  private static func strings<Result>(
    _ texts: [String], _ body: (UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> Result
  ) -> Result {
    var pointers = texts.map { strdup($0) } + [nil]
    defer { for pointer in pointers { free(pointer) } }
    return pointers.withUnsafeMutableBufferPointer { buffer in
      guard let base = buffer.baseAddress else { fatalError("no strings") }
      return body(base)
    }
  }
}
