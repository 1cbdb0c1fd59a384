import Bytes
import CLinux
import Glibc

/// The one thread that starts all children.
///
/// The parent-death signal of Linux comes when the *thread* that forked ends, not the process. A child started on a
/// worker would be killed as soon as that worker had nothing left to do; this thread lives as long as the process.
final class Spawner: @unchecked Sendable {
  static let shared = Spawner()

  private let monitor = Monitor()
  private let changed: Monitor.Condition
  private var jobs: [() -> Void] = []

  private init() {
    changed = Monitor.Condition(of: monitor)
    BrokenPipes.makeErrors()
    _ = Threads.run(named: "spawner") { Spawner.shared.serve() }
  }

  /// Starts a program and returns its process number.
  func spawn(_ request: SpawnRequest) throws(SystemError) -> pid_t {
    let done = Monitor.Condition(of: monitor)
    let answer = Answer()
    monitor.lock()
    jobs.append {
      let result = request.spawn()
      self.monitor.locked {
        answer.result = result
        done.wakeAll()
      }
    }
    changed.wakeAll()
    while answer.result == nil { done.wait() }
    let result = answer.result
    monitor.unlock()
    guard let result else { preconditionFailure("a spawn without an answer") }
    return try result.get()
  }

  private func serve() -> Never {
    while true {
      monitor.lock()
      while jobs.isEmpty { changed.wait() }
      let job = jobs.removeFirst()
      monitor.unlock()
      job()
    }
  }

  private final class Answer {
    var result: Result<pid_t, SystemError>?
  }
}

/// Everything that one `posix_spawn` needs, with descriptors that are only borrowed.
struct SpawnRequest {
  var program: String
  var arguments: [String]
  var variables: [String: String]
  var folder: String?
  /// Nil stands for the null device.
  var input: Int32?
  var output: Int32?
  var error: Int32

  /// Sets the parent-death signal and becomes the program; `posix_spawn` has no attribute for it. Part of util-linux,
  /// essential on Debian. Elsewhere children are started without it: they end when their pipes do.
  ///
  /// A link (BusyBox) is a `setpriv` that may not know the option. For the millisecond until `setpriv` has run a child
  /// is not yet covered.
  private static let setpriv: String? = {
    let path = "/usr/bin/setpriv"
    var status = stat()
    let isFile = lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
    return isFile && access(path, X_OK) == 0 ? path : nil
  }()

  /// In its own process group, with no descriptors but the three, and no inherited signal mask or disposition.
  fileprivate func spawn() -> Result<pid_t, SystemError> {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    for (source, number, flags) in [(input, 0, O_RDONLY), (output, 1, O_WRONLY), (error, 2, O_WRONLY)] {
      if let source {
        posix_spawn_file_actions_adddup2(&actions, source, Int32(number))
      } else {
        posix_spawn_file_actions_addopen(&actions, Int32(number), "/dev/null", flags, 0)
      }
    }
    _ = linux_spawn_close_from(&actions, 3)
    if let folder { _ = linux_spawn_chdir(&actions, folder) }

    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var every = sigset_t()
    sigfillset(&every)
    var none = sigset_t()
    sigemptyset(&none)
    posix_spawnattr_setpgroup(&attributes, 0)
    posix_spawnattr_setsigdefault(&attributes, &every)
    posix_spawnattr_setsigmask(&attributes, &none)
    let flags = POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK
    posix_spawnattr_setflags(&attributes, Int16(flags))

    let prefix = SpawnRequest.setpriv.map { [$0, "--pdeathsig", "KILL", "--"] } ?? []
    let first = prefix.first ?? program
    let words = prefix + [program] + arguments
    var process = pid_t()
    let status = withStrings(words) { words in
      withStrings(variables.map { "\($0.key)=\($0.value)" }) { variables in
        posix_spawn(&process, first, &actions, &attributes, words, variables)
      }
    }
    return status == 0
      ? .success(process) : .failure(SystemError(call: "posix_spawn", subject: program, number: status))
  }

  /// Hands `body` the texts as a null-terminated array of C strings.
  private func withStrings<Result>(
    _ texts: [String], _ body: (UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> Result
  ) -> Result {
    var pointers = texts.map { strdup($0) }
    pointers.append(nil)
    defer { for pointer in pointers { free(pointer) } }
    return pointers.withUnsafeMutableBufferPointer { buffer in
      guard let base = buffer.baseAddress else { preconditionFailure("an empty array of strings") }
      return body(base)
    }
  }
}
