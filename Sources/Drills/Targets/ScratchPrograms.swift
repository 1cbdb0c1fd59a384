import Bytes
import Glibc
import Pipeline
import Profiles

/// The programs of one kind of server, as far as a scratch server needs them.
protocol ScratchPrograms: Sendable {
  var kind: ServerKind { get }
  /// As it stands on records: `15.14`.
  var version: String { get }

  /// Makes an empty server's files.
  func make(in place: ScratchPlace, stop: StopSignal) throws(Failure)

  /// The text of its configuration: settings that suit a restore, then the drill's own, then those that keep it
  /// private, which win.
  func configuration(in place: ScratchPlace, _ own: [String: String], jobs: Int) throws(Failure) -> String

  /// The words that start it, in the foreground.
  func command(in place: ScratchPlace) -> [String]

  /// How it is reached.
  func server(in place: ScratchPlace) -> ServerSettings

  /// Asks whether it answers; says nothing of why it doesn't.
  func answers(in place: ScratchPlace, stop: StopSignal) -> Bool

  /// What is done once it answers for the first time.
  func complete(in place: ScratchPlace, stop: StopSignal) throws(Failure)

  /// Its socket.
  func socket(in place: ScratchPlace) -> String

  /// Asks it to end in an orderly way, with everything on the disk.
  func close(_ process: ServerProcess, in place: ScratchPlace, stop: StopSignal)

  /// About how many bytes of disk a dump takes, and of memory.
  ///
  /// - Parameters:
  ///   - dump: its bytes
  ///   - keys: of Redis
  func needs(_ dump: UInt64, keys: UInt64) -> (disk: UInt64, memory: UInt64)
}

extension ScratchPrograms {
  func complete(in place: ScratchPlace, stop: StopSignal) throws(Failure) {}
}

/// Finds a server's programs.
enum ScratchFinder {
  /// Where servers lie that are in nobody's `PATH`.
  private static let usual = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"]

  /// The programs of a kind.
  ///
  /// - Parameters:
  ///   - folder: where the drill says that they are; nil for wherever they are installed
  ///   - major: the version of PostgreSQL that the snapshot is of; nil, or one that is not installed, for the newest
  /// - Throws: `targetRefused` where there are none
  static func find(
    _ kind: ServerKind, in folder: String?, major: Int? = nil, stop: StopSignal
  ) throws(Failure) -> any ScratchPrograms {
    switch kind {
    case .postgresql: return try ScratchPostgreSQL.find(in: folder, major: major, stop: stop)
    case .mariadb: return try ScratchMariaDB.find(in: folder, stop: stop)
    case .redis: return try ScratchRedis.find(in: folder, stop: stop)
    }
  }

  /// The path of a program by the first of its names that is there.
  static func program(_ names: [String], in folder: String?) -> String? {
    let path = getenv("PATH").map { String(cString: $0) } ?? ""
    let folders =
      folder.map { [$0] } ?? path.split(separator: ":").map(String.init).filter { $0.hasPrefix("/") } + usual
    for name in names {
      for folder in folders where access("\(folder)/\(name)", X_OK) == 0 { return "\(folder)/\(name)" }
    }
    return nil
  }

  /// The path of a program that must be there.
  static func required(_ names: [String], in folder: String?, package: String) throws(Failure) -> String {
    if let found = program(names, in: folder) { return found }
    throw Failure(
      .targetRefused, "no \(names[0]) here to make a scratch server with", at: folder ?? "PATH",
      next: "Install the server (Debian: \(package)), or say in target.programs where its programs are.")
  }

  /// The path of a client that must be there: beside the server's programs, or anywhere.
  static func client(_ names: [String], in folder: String?, package: String) throws(Failure) -> String {
    if let found = program(names, in: folder) { return found }
    return try required(names, in: nil, package: package)
  }

  /// What a program prints of its version: the first run of digits and dots after `word`.
  static func version(of program: String, after word: String, stop: StopSignal) throws(Failure) -> String {
    var command = ChildCommand(program, ["--version"], failing: .targetRefused)
    command.environment = .only(["PATH": "/usr/bin:/bin", "LC_ALL": "C"])
    let text = try Child.run(command, stop: stop).text
    let rest = text.firstRange(of: word).map { text[$0.upperBound...] } ?? ""
    let version = rest.drop { !$0.isNumber }.prefix { $0.isNumber || $0 == "." }
    guard !version.isEmpty else {
      throw Failure(.targetRefused, "the program does not say its version", at: program)
    }
    return String(version)
  }

  /// A client of ours that asks a server, as lifeboat itself and with nothing of its environment.
  static func ask(
    _ words: [String], input: [UInt8], variables: [String: String] = [:], stop: StopSignal
  ) throws(Failure) -> ChildResult {
    var command = ChildCommand(words[0], Array(words.dropFirst()), failing: .targetRefused)
    let own = [
      "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C", "HOME": "/nonexistent",
    ]
    command.environment = .only(own.merging(variables) { $1 })
    command.folder = "/"
    command.input = .bytes(input)
    return try Child.run(command, stop: stop)
  }
}

/// Sizes that suit a restore on this machine, in bytes.
enum RestoreTuning {
  static let mebibyte: UInt64 = 1 << 20

  /// A share of the memory that is free, within bounds, in whole MiB.
  static func share(_ part: UInt64, from least: UInt64, to most: UInt64) -> UInt64 {
    min(max(MachineMemory.available() / part, least * mebibyte), most * mebibyte) / mebibyte
  }
}
