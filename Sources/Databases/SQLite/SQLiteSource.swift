package import Bytes
import Glibc
package import Pipeline
package import Profiles

/// A SQLite database, dumped through the `sqlite3` command: a consistent copy in a scratch folder, checked, counted and
/// streamed as one file.
package struct SQLiteSource: DumpSource {
  private let settings: SQLiteSettings
  private static let magic = Array("SQLite format 3\0".utf8)

  package init(_ settings: SQLiteSettings) { self.settings = settings }

  package func prepare(stop: StopSignal) throws(Failure) -> SourceDescription {
    let version = try SQLiteCommand.version(stop: stop)
    try checkFile()
    let size = SQLiteCopy.neededBytes(settings.path)
    try ScratchFolder.check(settings.scratch ?? ScratchFolder.standardParent(), needing: size)
    return SourceDescription(
      engine: "sqlite", version: version, identity: SQLiteCommand.absolute(settings.path), expectedSize: size)
  }

  package func dump(into sink: any StreamSink, stop: StopSignal) throws(Failure) -> DumpOutcome {
    let status = try checkFile()
    if status.st_size == 0, SQLiteCopy.neededBytes(settings.path) == 0 {
      return DumpOutcome(verdict: .quarantined(["the database file is empty: \(settings.path)"]))
    }
    let copy = try SQLiteCopy(of: settings, needing: SQLiteCopy.neededBytes(settings.path), stop: stop)
    let examination = Examination(of: copy.path, stop: stop)
    let summary = try stream(copy, status, into: sink)
    var (reasons, truth) = try examination.result()
    if let problem = summary.readingProblem { reasons.append("the copy can't be read: \(problem)") }
    return DumpOutcome(verdict: DumpOutcome.verdict(reasons), truth: truth)
  }

  /// Throws unless the file is there, can be read and is a database, or empty.
  @discardableResult
  private func checkFile() throws(Failure) -> stat {
    let status: stat
    let head: [UInt8]
    do {
      (status, head) = try SQLiteSource.look(settings.path)
    } catch {
      throw error.failure(.sourceFailed, "can't read the database", next: "Check source.path and the permissions.")
    }
    guard head == SQLiteSource.magic || status.st_size == 0 else {
      throw Failure(
        .sourceFailed, "the file is not a SQLite database, or it is encrypted", at: settings.path,
        next: "Check source.path.")
    }
    return status
  }

  private static func look(_ path: String) throws(SystemError) -> (stat, [UInt8]) {
    var status = stat()
    let file = try Descriptor.open(path, O_RDONLY | O_NONBLOCK)
    let number = file.number
    _ = try retrying("fstat", path) { fstat(number, &status) }
    if status.st_mode & S_IFMT == S_IFDIR { throw SystemError(call: "open", subject: path, number: EISDIR) }
    guard status.st_mode & S_IFMT == S_IFREG else { throw SystemError(call: "open", subject: path, number: EINVAL) }
    var buffer = Buffer(capacity: magic.count)
    buffer.count = try buffer.withCapacity { (room) throws(SystemError) in try file.read(at: 0, into: room) }
    return (status, buffer.withBytes { Array($0) })
  }

  private func stream(_ copy: SQLiteCopy, _ status: stat, into sink: any StreamSink) throws(Failure) -> StreamSummary {
    let name = settings.path.utf8.split(separator: UInt8(ascii: "/")).last.map { Array($0) } ?? Array("database".utf8)
    var stream = DumpedStream(name: name, kind: .dump)
    stream.take(status)
    let file: Descriptor
    do {
      file = try Descriptor.open(copy.path, O_RDONLY)
    } catch {
      throw error.failure(.sourceFailed, "can't read the copy of the database")
    }
    var copied = stat()
    if fstat(file.number, &copied) == 0 { stream.expectedLength = UInt64(copied.st_size) }
    return try sink.stream(stream, from: file.number)
  }
}
