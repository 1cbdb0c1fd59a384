import Bytes
import Pipeline

/// The truth of what was loaded: a fresh dump of it, seen by the same watcher and thrown away.
enum MariaDBTruth {
  /// Tables come under the names that their databases have in the snapshot.
  static func take(_ plan: LoadPlan, _ connection: MariaDBConnection, stop: StopSignal) throws(Failure) -> TruthManifest
  {
    let targets = Set(plan.names.values)
    let catalogue = try MariaDBCatalogue.read(connection, stop: stop) { targets.contains($0) }
    let words = words(hasHistory: catalogue.databases.contains { $0.tables.contains { $0.kind == .versioned } })
    let manifest = try read(
      words + ["--databases", "--"] + plan.databases.map(\.target), connection, checksums: plan.request.checksums,
      stop: stop)
    return renamed(manifest, plan)
  }

  /// How the tool is told to print rows as the source of the dump does.
  static func words(hasHistory: Bool) -> [String] {
    [
      "--single-transaction", "--quick", "--skip-triggers", "--hex-blob", "--tz-utc", "--no-tablespaces",
      "--default-character-set=utf8mb4", "--max-allowed-packet=1073741824",
    ] + (hasHistory ? ["--dump-history"] : [])
  }

  /// Runs the tool, and keeps nothing but counts and hashes.
  ///
  /// - Parameter opening: statements that the watcher sees first
  static func read(
    _ words: [String], _ connection: MariaDBConnection, checksums: Bool, opening: String = "", stop: StopSignal
  ) throws(Failure) -> TruthManifest {
    let child = try Child.start(try connection.command(.dump, words), stop: stop)
    let watcher = InsertWatcher(checksums: checksums)
    if !opening.isEmpty {
      try Array(opening.utf8).withUnsafeBufferPointer { (bytes) throws(Failure) in
        try watcher.see(UnsafeRawBufferPointer(bytes))
      }
    }
    var part = Buffer(capacity: 1 << 20)
    while true {
      part.count = try part.withCapacity { (room) throws(Failure) in try child.read(into: room) }
      if part.count == 0 { break }
      try part.withBytes { (bytes) throws(Failure) in try watcher.see(bytes) }
    }
    let exit = try child.wait()
    let contents = watcher.contents
    guard exit.succeeded, contents.isCompleted, contents.oddities == 0 else {
      throw Failure(
        .unproven, "what was loaded can't be read back: \(connection.complaint(child.errorText)) \(exit)",
        at: connection.place)
    }
    return contents.manifest(checksums: checksums)
  }

  private static func renamed(_ manifest: TruthManifest, _ plan: LoadPlan) -> TruthManifest {
    // The table that says that the load is not settled is none of the data.
    let marks = plan.databases.map { Array("\($0.target).\(MariaDBTarget.mark)".utf8) }
    let tables = manifest.tables.filter { !marks.contains($0.name) }.map { table in
      for (name, target) in plan.databases {
        let prefix = Array(target.utf8) + [UInt8(ascii: ".")]
        if name != target, table.name.starts(with: prefix) {
          return TruthManifest.Table(
            name: Array(name.utf8) + table.name[(prefix.count - 1)...], rows: table.rows, checksum: table.checksum)
        }
      }
      return table
    }
    return TruthManifest(engine: manifest.engine, schema: manifest.schema, tables: tables)
  }
}
