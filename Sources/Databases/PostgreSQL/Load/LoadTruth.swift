import Bytes
import Glibc
import Pipeline
import Profiles

/// What a database holds that was loaded: a dump of it, of which nothing is kept but counts and hashes.
enum LoadTruth {
  /// Reads streams for their watchers alone.
  private struct Discard: StreamSink {
    let stop: StopSignal

    func stream(
      _ stream: DumpedStream, from descriptor: Int32, watcher: (any StreamWatcher)?
    ) throws(Failure) -> StreamSummary {
      var buffer = Buffer(capacity: 1 << 20)
      var length: UInt64 = 0
      var tail: [UInt8] = []
      while true {
        buffer.count = try buffer.withCapacity { (room) throws(Failure) in
          try Transfers.read(descriptor, into: room, stop: stop, failing: .targetRefused)
        }
        if buffer.count == 0 { break }
        length += UInt64(buffer.count)
        try buffer.withBytes { (bytes) throws(Failure) in
          try watcher?.see(bytes)
          tail = Array((tail + bytes.suffix(StreamSummary.tailLimit)).suffix(StreamSummary.tailLimit))
        }
      }
      return StreamSummary(length: length, tail: tail)
    }

    func entry(_ stream: DumpedStream) {}
  }

  /// - Parameters:
  ///   - settings: the server
  ///   - database: where it was loaded
  ///   - name: the name that stands before those of its tables
  static func take(
    _ settings: ServerSettings, _ database: String, as name: String, _ request: LoadRequest, stop: StopSignal
  ) throws(Failure) -> TruthManifest {
    let source = PostgreSQLSource(
      PostgreSQLSettings(
        server: settings, databases: [database], globals: false, checksums: request.checksums,
        jobs: PostgreSQLTarget.jobs(request)))
    let outcome = try source.dump(into: Discard(stop: stop), stop: stop)
    if case .quarantined(let reasons) = outcome.verdict {
      throw Failure(
        .unproven, "what was loaded can't be read back: \(reasons.joined(separator: "; "))", at: database)
    }
    let truth = outcome.truth ?? TruthManifest(engine: "postgresql")
    let length = database.utf8.count
    func renamed(_ full: [UInt8]) -> [UInt8] { Array(name.utf8) + full.dropFirst(length) }
    return TruthManifest(
      engine: truth.engine,
      tables: truth.tables.map { .init(name: renamed($0.name), rows: $0.rows, checksum: $0.checksum) },
      sequences: truth.sequences.map { .init(name: renamed($0.name), value: $0.value, isCalled: $0.isCalled) })
  }
}
