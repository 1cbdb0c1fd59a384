import Bytes
import Glibc
import Pipeline
import Profiles

/// The schema of a dump where `pg_restore` can read it: a private temporary file, or, behind a prefix, its input.
final class SchemaFile: Sendable {
  private let server: LoadServer
  private let database: DumpedDatabase
  private let provider: any StreamProvider
  private let folder: ScratchFolder
  let path: String

  /// Writes the file.
  init(_ server: LoadServer, _ database: DumpedDatabase, _ provider: any StreamProvider, stop: StopSignal)
    throws(Failure)
  {
    self.server = server
    self.database = database
    self.provider = provider
    folder = try ScratchFolder(in: ScratchFolder.standardParent(), needing: database.schema.length + 4096)
    path = "\(folder.path)/schema.dump"
    try SchemaFile.make(path, in: folder, for: server.connection.settings.tools.account) { (number) throws(Failure) in
      try provider.write(database.schema.name, to: number, watcher: nil, stop: stop)
    }
  }

  /// The lines of its table of contents, with what each entry depends on.
  func contents(stop: StopSignal) throws(Failure) -> ArchiveContents {
    ArchiveContents(try output(["-l", "-v"], stop: stop))
  }

  /// What `pg_restore` prints instead of doing it.
  func output(_ arguments: [String], list: [String]? = nil, stop: StopSignal) throws(Failure) -> [UInt8] {
    let command = server.connection.command(
      server.tools.path("pg_restore"), arguments + (try self.arguments(list, stop)))
    let result = try run(command, limit: 1 << 30, stop)
    guard result.exit.succeeded else {
      throw server.failure("pg_restore can't read the schema", result.errorText, in: database.name)
    }
    return result.output
  }

  /// Restores a section.
  ///
  /// - Parameters:
  ///   - section: `pre-data` or `post-data`
  ///   - target: the database
  ///   - jobs: how many at the same time
  ///   - arguments: more for `pg_restore`
  ///   - options: settings of its sessions
  ///   - list: only these entries
  func restore(
    _ section: String, into target: String, jobs: Int = 1, _ arguments: [String], options: [String],
    list: [String]? = nil, stop: StopSignal
  ) throws(Failure) {
    // Only a file can be read in several places at once.
    let parallel = jobs > 1 && server.readsFiles ? ["-j", "\(jobs)"] : []
    let command = server.command(
      "pg_restore",
      ["--section=\(section)", "--exit-on-error"] + parallel + arguments + (try self.arguments(list, stop)),
      on: target, options)
    let result = try run(command, stop)
    guard result.exit.succeeded else {
      throw server.failure("pg_restore failed in \(section)", result.errorText, in: target)
    }
  }

  /// A list of entries, and the file, or nothing where the tool reads its input.
  private func arguments(_ list: [String]?, _ stop: StopSignal) throws(Failure) -> [String] {
    var arguments: [String] = []
    if let list {
      let file = "\(folder.path)/list-\(Identifier.random().hex)"
      try SchemaFile.make(file, in: folder, for: server.connection.settings.tools.account) { (number) throws(Failure) in
        let bytes = Array((list.joined(separator: "\n") + "\n").utf8)
        try bytes.withUnsafeBufferPointer { (buffer) throws(Failure) in
          try Transfers.write(UnsafeRawBufferPointer(buffer), to: number, stop: stop, failing: .scratchFull)
        }
      }
      arguments += ["-L", file]
    }
    return arguments + (server.readsFiles ? [path] : [])
  }

  private func run(_ command: ChildCommand, limit: Int = 1 << 20, _ stop: StopSignal) throws(Failure) -> ChildResult {
    guard !server.readsFiles else { return try Child.run(command, limit: limit, stop: stop) }
    let file: Descriptor
    do {
      file = try Descriptor.open(path, O_RDONLY)
    } catch {
      throw error.failure(.scratchFull, "can't read the schema's file")
    }
    var command = command
    command.input = .descriptor(file.number)
    let result = try Child.run(command, limit: limit, stop: stop)
    withExtendedLifetime(file) {}
    return result
  }

  /// A file where tools of the account can read it.
  static func make(
    _ path: String, in folder: ScratchFolder, for account: String?, _ write: (Int32) throws(Failure) -> Void
  ) throws(Failure) {
    let file: Descriptor
    do {
      file = try Descriptor.open(path, O_WRONLY | O_CREAT | O_TRUNC)
    } catch {
      throw error.failure(
        .scratchFull, "can't write the schema to a file", next: "Set TMPDIR to a folder of yours.")
    }
    try write(file.number)
    guard let account, geteuid() == 0, let owner = SystemAccount(named: account) else { return }
    guard chown(path, owner.user, owner.group) == 0, chown(folder.path, owner.user, owner.group) == 0 else {
      throw SystemError(call: "chown", subject: path, number: errno)
        .failure(.scratchFull, "can't hand a file to the account \(account)")
    }
  }
}
