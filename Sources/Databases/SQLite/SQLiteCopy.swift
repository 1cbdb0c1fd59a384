import Bytes
import Glibc
import Pipeline
import Profiles

/// A consistent copy of a live database in a scratch folder.
///
/// The copy is made inside one read transaction on the same connection: SQLite's backup then never starts over,
/// however busy a writer is. In write-ahead mode writers go on meanwhile; with a rollback journal they wait for the
/// lock until the copy is done, as they would for any long reader. Opening a database in write-ahead mode needs write
/// access to its folder or to the `-shm` file beside it, and the last one to close it may bring the log in: that is
/// how every reader of SQLite behaves.
struct SQLiteCopy {
  static let fileName = "copy.db"

  let folder: ScratchFolder
  var path: String { "\(folder.path)/\(SQLiteCopy.fileName)" }

  /// Makes the copy. Throws what prevents it.
  init(of settings: SQLiteSettings, needing bytes: UInt64, stop: StopSignal) throws(Failure) {
    folder = try ScratchFolder(in: settings.scratch ?? ScratchFolder.standardParent(), needing: bytes)
    let script = """
      .timeout \(min(settings.busyTimeout.count, 2_000_000) * 1000)
      PRAGMA query_only=ON;
      BEGIN;
      SELECT count(*) FROM sqlite_schema;
      .backup --async main \(SQLiteCopy.fileName)
      COMMIT;

      """
    var command = SQLiteCommand.make(settings.path, .live, script: Array(script.utf8))
    command.folder = folder.path
    let result = try Child.run(command, stop: stop)
    guard result.exit.succeeded else {
      throw SQLiteCommand.failure("sqlite3 can't copy the database", (result.exit, result.errorText), at: settings.path)
    }
  }

  /// How many bytes a copy can need: the file and its write-ahead log, which lies beside the file itself, not beside a
  /// symbolic link to it.
  static func neededBytes(_ path: String) -> UInt64 {
    guard let raw = realpath(path, nil) else { return size(path) }
    defer { free(raw) }
    let real = String(cString: raw)
    return size(real) + size(real + "-wal")
  }

  private static func size(_ path: String) -> UInt64 {
    var status = stat()
    return stat(path, &status) == 0 ? UInt64(status.st_size) : 0
  }
}
