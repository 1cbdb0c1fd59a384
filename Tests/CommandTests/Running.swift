import Bytes
import Glibc
import TestKit

/// The program while it runs, for tests that interrupt it or talk to it.
final class Running {
  let process: pid_t
  private let files = TemporaryFolder()
  /// Our end of its terminal; -1 without one.
  private let terminal: Int32
  private var status: Int32?

  /// Starts it.
  ///
  /// - Parameters:
  ///   - scene: for folder and environment
  ///   - arguments: what follows the program's name
  ///   - onTerminal: give it a terminal of its own instead of files
  init(_ scene: Scene, _ arguments: [String], environment: [String: String] = [:], onTerminal: Bool = false) throws {
    let bare = ["PATH": "/usr/bin:/bin", "LIFEBOAT_STATE": scene.state]
    let variables = bare.merging(scene.variables(environment)) { $1 }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    if onTerminal {
      let (ours, name) = try Running.openTerminal()
      terminal = ours
      // The leader of a new session gets the first terminal that it opens.
      posix_spawnattr_setflags(&attributes, 0x80)
      for number in 0...2 as ClosedRange<Int32> { posix_spawn_file_actions_addopen(&actions, number, name, O_RDWR, 0) }
    } else {
      terminal = -1
      posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
      posix_spawn_file_actions_addopen(&actions, 1, files.path("out"), O_WRONLY | O_CREAT, 0o600)
      posix_spawn_file_actions_addopen(&actions, 2, files.path("err"), O_WRONLY | O_CREAT, 0o600)
    }
    var words = ([Product.path] + arguments).map { strdup($0) } + [nil]
    var list = variables.map { strdup("\($0.key)=\($0.value)") } + [nil]
    defer { for pointer in words + list { free(pointer) } }
    var started = pid_t()
    let outcome = posix_spawn(&started, Product.path, &actions, &attributes, &words, &list)
    guard outcome == 0 else { throw SystemError(call: "posix_spawn", subject: Product.path, number: outcome) }
    process = started
  }

  deinit {
    if status == nil {
      kill(process, SIGKILL)
      _ = wait()
    }
    if terminal >= 0 { close(terminal) }
  }

  func signal(_ number: Int32) { kill(process, number) }

  /// The exit status; minus the number of the signal that killed it.
  func wait() -> Int32 {
    if let status { return status }
    var result: Int32 = 0
    while waitpid(process, &result, 0) < 0, errno == EINTR {}
    let signal = result & 0x7f
    let ended = signal == 0 ? result >> 8 & 0xff : -signal
    status = ended
    return ended
  }

  var errors: String { (try? Files.read(files.path("err"))).map { String(decoding: $0, as: UTF8.self) } ?? "" }

  var output: String { (try? Files.read(files.path("out"))).map { String(decoding: $0, as: UTF8.self) } ?? "" }

  // MARK: - Terminal

  /// Our end of a new terminal, and the path of the other. Not by `posix_openpt`, which Swift's Glibc does not show.
  private static func openTerminal() throws -> (Int32, String) {
    let ours = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC)
    var locked: Int32 = 0
    var number: Int32 = 0
    let (unlock, ask) = (UInt(0x4004_5431), UInt(0x8004_5430))
    guard ours >= 0, ioctl(ours, unlock, &locked) == 0, ioctl(ours, ask, &number) == 0 else {
      throw SystemError(call: "open", subject: "/dev/ptmx", number: errno)
    }
    return (ours, "/dev/pts/\(number)")
  }

  /// Types a line at the terminal.
  func type(_ text: String) {
    let bytes = Array("\(text)\n".utf8)
    _ = bytes.withUnsafeBytes { write(terminal, $0.baseAddress, $0.count) }
  }

  /// What appears on the terminal until `end` has, or the program has ended.
  func screen(until end: String? = nil) -> String {
    var text = ""
    var part = [UInt8](repeating: 0, count: 4096)
    while end == nil || !text.contains(end ?? "") {
      var ready = pollfd(fd: terminal, events: Int16(POLLIN), revents: 0)
      guard poll(&ready, 1, 30_000) > 0 else { return text + "\n*** nothing more appeared within 30 s ***" }
      let count = read(terminal, &part, part.count)
      if count <= 0 { return text }
      text += String(decoding: part[..<count], as: UTF8.self)
    }
    return text
  }
}
