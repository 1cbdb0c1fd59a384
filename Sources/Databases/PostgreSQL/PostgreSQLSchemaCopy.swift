import Bytes
import Glibc
import Pipeline

/// A copy of a schema's dump in a temporary file, made as it passes: that its table of contents can be read shows that
/// it is whole.
final class PostgreSQLSchemaCopy {
  private final class Writer: StreamWatcher {
    let file: Descriptor
    var offset: UInt64 = 0

    init(_ file: consuming Descriptor) { self.file = file }

    func see(_ bytes: UnsafeRawBufferPointer) throws(Failure) {
      do {
        try file.write(bytes, at: offset)
      } catch {
        throw error.failure(.scratchFull, "can't keep a copy of the schema", next: "Free space in TMPDIR.")
      }
      offset += UInt64(bytes.count)
    }
  }

  private let folder: ScratchFolder
  private let writer: Writer
  private let stop: StopSignal

  init(stop: StopSignal) throws(Failure) {
    self.stop = stop
    folder = try ScratchFolder(in: ScratchFolder.standardParent(), needing: 1 << 20)
    let path = "\(folder.path)/schema.dump"
    do {
      writer = Writer(try Descriptor.open(path, O_RDWR | O_CREAT | O_EXCL))
    } catch {
      throw error.failure(.scratchFull, "can't keep a copy of the schema", next: "Set TMPDIR to a folder of yours.")
    }
  }

  /// Sees the dump.
  var watcher: any StreamWatcher { writer }

  /// Why `pg_restore` can't make anything of it; nil if it can.
  func objection(_ server: PostgreSQLServer) throws(Failure) -> String? {
    // Through its standard input, so that it may be another account, or behind a prefix.
    var command = server.connection.command(server.tools.path("pg_restore"), ["-l"])
    let number = writer.file.number
    lseek(number, 0, SEEK_SET)
    command.input = .descriptor(number)
    let result = try Child.run(command, limit: 1 << 30, stop: stop)
    if result.exit.succeeded, result.text.contains("TOC Entries:") { return nil }
    return "its table of contents can't be read: \(PostgreSQLTrouble.reason(result.errorText))"
  }
}
