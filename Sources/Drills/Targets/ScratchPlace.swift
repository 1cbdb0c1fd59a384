import Bytes
import Glibc
import Pipeline

/// The files of one scratch server.
///
/// The drill's folder belongs to lifeboat, and the server's account may pass through it; in `server` everything is the
/// account's, and nobody else's. What lifeboat itself reads or runs lies outside of `server`: the account could change it.
struct ScratchPlace: Sendable {
  /// The drill's folder.
  let folder: String
  /// Nil where the server runs as lifeboat does.
  let account: ServerAccount?

  var server: String { "\(folder)/\(ServerProcess.serverName)" }
  var data: String { "\(server)/data" }
  /// No folder of their own: a socket's address must be short.
  var sockets: String { server }
  /// Holds tablespaces of PostgreSQL.
  var spaces: String { "\(server)/spaces" }
  /// The server's settings: the account reads it.
  var configuration: String { "\(folder)/server.conf" }
  /// Only lifeboat reads it.
  var password: String { "\(folder)/password" }

  /// The kernel takes no longer address of a socket.
  private static let longestSocket = 107

  /// Gives the folders to the account, which makes those within.
  func prepare(stop: StopSignal) throws(Failure) {
    // The longest name that a server gives to a socket.
    guard "\(sockets)/.s.PGSQL.5432".utf8.count <= ScratchPlace.longestSocket else {
      throw Failure(
        .targetRefused, "the path is too long for a socket in it", at: folder,
        next: "Set target.folder to a folder with a shorter path.")
    }
    do throws(SystemError) {
      let (folder, server) = (folder, server)
      _ = try retrying("mkdir", server) { mkdir(server, 0o700) }
      if let account {
        _ = try retrying("lchown", server) { lchown(server, account.user, account.group) }
        // Its group passes through, and cannot list it.
        _ = try retrying("lchown", folder) { lchown(folder, geteuid(), account.group) }
        _ = try retrying("chmod", folder) { chmod(folder, 0o710) }
      }
    } catch {
      throw error.failure(.targetRefused, "the folder of the scratch server cannot be made")
    }
    do throws(Failure) {
      try run(["mkdir", "-m", "700", data, spaces], stop: stop)
    } catch {
      try stop.check()
      guard let account else { throw error }
      throw Failure(
        .targetRefused, error.what, at: folder,
        next: "Set target.folder to a folder that the account \(account.name) can pass through, such as /var/tmp.")
    }
  }

  /// Writes a file beside the server's folder.
  ///
  /// - Parameter isShared: whether the account may read it
  func write(_ path: String, _ text: String, isShared: Bool) throws(Failure) {
    do throws(SystemError) {
      let bytes = Array(text.utf8)
      // Not made durable: the folder doesn't outlive the machine.
      unlink(path)
      let file = try Descriptor.open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode: 0o600)
      if isShared, let account {
        let number = file.number
        _ = try retrying("fchown", path) { fchown(number, geteuid(), account.group) }
        _ = try retrying("fchmod", path) { fchmod(number, 0o640) }
      }
      var buffer = Buffer(capacity: max(1, bytes.count))
      bytes.withUnsafeBytes { buffer.replace(with: $0) }
      try buffer.withBytes { (bytes) throws(SystemError) in try file.write(bytes) }
    } catch {
      throw error.failure(.targetRefused, "a file of the scratch server cannot be written")
    }
  }

  /// A program that runs as the server's account. It sees nothing of lifeboat's environment, where credentials stand.
  func command(_ words: [String]) -> ChildCommand {
    let all = (account?.prefix ?? []) + words
    var command = ChildCommand(all[0], Array(all.dropFirst()), failing: .targetRefused)
    command.environment = .only([
      "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C", "TZ": "UTC",
      "HOME": server, "TMPDIR": server,
    ])
    command.folder = "/"
    return command
  }

  /// Runs a program as the account to its end, which must be a good one.
  func run(_ words: [String], input: [UInt8] = [], stop: StopSignal) throws(Failure) {
    var command = command(words)
    command.input = .bytes(input)
    let result = try Child.run(command, stop: stop)
    guard result.exit.succeeded else {
      let name = words[0].split(separator: "/").last.map(String.init) ?? words[0]
      throw Failure(
        .targetRefused, "\(name) failed: \(ScratchPlace.complaint(result.errorText + "\n" + result.text, result.exit))",
        at: folder)
    }
  }

  /// The line of a program's words that says most.
  static func complaint(_ text: String, _ exit: ChildExit?) -> String {
    let lines = text.split(whereSeparator: \.isNewline).filter { !$0.allSatisfy(\.isWhitespace) }
    // What comes last is often only that it gives up.
    let words = ["unrecognized", "unknown", "Bad directive", "invalid value", "FATAL", "ERROR", "rror"]
    let line = words.lazy.compactMap { word in lines.last { $0.contains(word) } }.first ?? lines.last
    return line.map { String($0.prefix(300)) } ?? exit.map { "\($0)" } ?? "it says nothing"
  }
}
