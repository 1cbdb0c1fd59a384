import Bytes
import Glibc
import Pipeline

/// Processes that the commands of a kit left behind: servers, known by the folder in their command line, whose name is
/// drawn for one run, or by working in it: some write another command line over their own.
enum KitProcesses {
  /// For how long a process may take to end before it is killed, and after that, in nanoseconds.
  private static let grace: UInt64 = 10_000_000_000
  private static let pause: UInt32 = 20_000

  /// Ends them, and waits until they are gone.
  ///
  /// - Parameter folder: the last part of the folder's path, which no other folder has
  /// - Throws: `targetRefused` for one that does not go
  static func end(naming folder: String) throws(Failure) {
    let start = MonotonicClock.now()
    while true {
      // A server that starts just now is found in the next round.
      let found = list(naming: folder)
      if found.isEmpty { return }
      let passed = MonotonicClock.now() - start
      guard passed < 2 * grace else { break }
      for (process, isOrderly) in found { kill(process, isOrderly && passed < grace ? SIGQUIT : SIGKILL) }
      usleep(pause)
    }
    throw Failure(
      .targetRefused, "a server of the kit does not end", at: folder,
      next: "Look at the processes \(list(naming: folder).map { "\($0.process)" }.joined(separator: ", ")).")
  }

  /// The processes, and whether SIGQUIT ends one in an orderly way: PostgreSQL leaves nothing in memory then.
  private static func list(naming folder: String) -> [(process: pid_t, isOrderly: Bool)] {
    guard let stream = opendir("/proc") else { return [] }
    defer { closedir(stream) }
    var found: [(process: pid_t, isOrderly: Bool)] = []
    while let entry = readdir(stream) {
      let name = withUnsafeBytes(of: entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
      guard let process = pid_t(name), process != getpid(),
        let words = try? DurableFile.read("/proc/\(process)/cmdline", limit: 1 << 20)
      else { continue }
      let text = String(decoding: words, as: UTF8.self)
      if text.contains(folder) || place(of: process).contains(folder) {
        found.append((process, text.contains("postgres\0-D")))
      }
    }
    return found
  }

  /// The folder that a process works in; empty where nobody may know.
  private static func place(of process: pid_t) -> String {
    var target = [UInt8](repeating: 0, count: Int(PATH_MAX))
    let count = target.withUnsafeMutableBytes { room in
      room.baseAddress.map { readlink("/proc/\(process)/cwd", $0, room.count) } ?? 0
    }
    return String(decoding: target.prefix(max(0, count)), as: UTF8.self)
  }
}

/// Ends and removes what a kit's run made when the run can't do it itself: it was killed, or its time is over.
enum KitGuard {
  /// Reads the time at which a process began: a number that comes round belongs to another one.
  private static let script = """
    began() { sed 's/^.*) //' "/proc/$1/stat" 2>/dev/null | cut -d ' ' -f 20; }
    first=$(began "$1") seconds=0
    while [ -n "$first" ] && [ "$(began "$1")" = "$first" ] && [ -d "$2" ] && [ "$seconds" -lt "$5" ]; do
      sleep 1
      seconds=$((seconds + 1))
    done
    [ -d "$2" ] || exit 0
    named=$(grep -laF -- "$3" /proc/[0-9]*/cmdline 2>/dev/null)
    working=$(ls -ld /proc/[0-9]*/cwd 2>/dev/null | grep -F -- "$3" | grep -o '/proc/[0-9]*/cwd')
    for place in $named $working; do
      number=${place#/proc/}
      number=${number%%/*}
      [ "$number" = $$ ] || kill -KILL "$number" 2>/dev/null
    done
    rm -rf -- "$2" "$4"
    """

  /// Starts it, in a session of its own.
  ///
  /// - Parameters:
  ///   - folder: what it removes, with the processes that name it
  ///   - other: another folder that it removes
  ///   - timeToLive: in seconds
  static func start(
    _ folder: String, also other: String, timeToLive: UInt64, stop: StopSignal
  ) throws(Failure) {
    let name = folder.split(separator: "/").last.map(String.init) ?? folder
    let words = [script, "lifeboat-guard", "\(getpid())", folder, name, other, "\(timeToLive)"]
    var command = ChildCommand(
      "/bin/sh", ["-c", #"setsid /bin/sh -c "$@" </dev/null >/dev/null 2>&1 &"#, "sh"] + words, failing: .targetRefused)
    command.environment = .only(["PATH": "/usr/sbin:/usr/bin:/sbin:/bin"])
    command.folder = "/"
    let result = try Child.run(command, stop: stop)
    guard result.exit.succeeded else {
      throw Failure(.targetRefused, "the guard of the kit's folder can't be started: \(result.exit)")
    }
  }
}
