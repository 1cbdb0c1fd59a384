package import Bytes
package import Databases
import Format
import Glibc
package import Pipeline
package import Profiles

/// What a restore left in its folder, for checks to look at.
package struct RestoredFolder {
  /// The absolute path.
  let folder: String
  /// The engine that the snapshot names.
  package let engine: String
  /// The truth manifest that the writer sealed into the snapshot.
  package let truth: TruthManifest
  /// What the restore found to differ from the manifest's streams.
  let streamDifferences: [String]
  /// How many streams became files.
  let files: UInt64
  /// The name of the first of them.
  let firstFile: [UInt8]?

  package init(
    folder: String, engine: String, truth: TruthManifest, streamDifferences: [String], files: UInt64,
    firstFile: [UInt8]?
  ) {
    self.folder = folder
    self.engine = engine
    self.truth = truth
    self.streamDifferences = streamDifferences
    self.files = files
    self.firstFile = firstFile
  }

  /// Whether the dump is a SQLite database as its own source made it. The engine's name alone doesn't say so: who
  /// dumps SQLite as SQL text may name the engine `sqlite`, too.
  var isSQLiteDatabase: Bool { truth.engine == "sqlite" && truth.schema != nil }

  /// Where a database file lies, or why there is none.
  enum Place {
    case found(String)
    /// The restored data has no such file.
    case absent(String)
    /// It can't be told which file is meant.
    case unclear(String)
  }

  /// The database file of this name; without a name, the only file there is.
  func database(named name: String?) -> Place {
    guard let name else {
      guard let only = firstFile, files == 1 else {
        return .unclear(files == 0 ? "no file was restored" : "\(files) files were restored: name the database")
      }
      return place(of: only)
    }
    return place(of: Array(name.utf8))
  }

  /// Walks to the file without following links: a snapshot may hold some that lead elsewhere.
  private func place(of name: [UInt8]) -> Place {
    guard StreamEntry.isSafe(name), let text = String(validating: name, as: UTF8.self) else {
      return .unclear("the file's name is no plain path")
    }
    var path = folder
    var status = stat()
    for part in text.split(separator: "/") {
      path += "/\(part)"
      guard lstat(path, &status) == 0 else { return .absent("no such file was restored") }
      guard status.st_mode & S_IFMT != S_IFLNK else {
        return .absent("a symbolic link stands in the place of the file")
      }
    }
    guard status.st_mode & S_IFMT == S_IFREG else { return .absent("what was restored there is no file") }
    return .found(path)
  }

  /// Whether a file begins as SQLite databases do.
  static func looksLikeSQLite(_ path: String) -> Bool {
    let magic = Array("SQLite format 3\0".utf8)
    guard let file = try? Descriptor.open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK) else { return false }
    var head = Buffer(capacity: magic.count)
    head.count = (try? head.withCapacity { room in try file.read(at: 0, into: room) }) ?? 0
    return head.withBytes { $0.elementsEqual(magic) }
  }
}

// MARK: - Checks

extension RestoredFolder: RestoredData {
  package var variables: [String: String] { ["LIFEBOAT_RESTORED": folder] }

  package func isThere(stop: StopSignal) throws(Failure) -> Bool {
    try stop.check()
    var status = stat()
    return files > 0 && lstat(folder, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
  }

  package func integrity(stop: StopSignal) throws(Failure) -> Finding {
    guard isSQLiteDatabase else { return Finding(.unmeasured, "there is no integrity check for \(engine)") }
    return try onDatabase(nil, stop) { (path) throws(Failure) in
      let findings = try SQLiteProbe.integrityCheck(path, stop: stop)
      guard !findings.isEmpty else { return Finding(.pass, "integrity_check: ok") }
      return Finding(.fail, "integrity_check: \(Counted.of(findings.count, "finding"))", findings)
    }
  }

  package func manifest(_ check: ManifestCheck, stop: StopSignal) throws(Failure) -> Finding {
    guard isSQLiteDatabase else {
      guard let streams = truth.streams else { return Finding(.unmeasured, "the snapshot has no manifest") }
      let found = "\(Counted.of(Int(clamping: streams.count), "stream")) with \(streams.bytes) bytes"
      return ManifestFinding.of(streamDifferences, equal: "equal: \(found)")
    }
    return try onDatabase(nil, stop) { (path) throws(Failure) in
      guard let share = check.sample else {
        let differences = truth.differences(from: try SQLiteProbe.truth(path, stop: stop))
        return ManifestFinding.of(
          differences + streamDifferences, equal: "equal: \(Counted.of(truth.tables.count, "table"))")
      }
      let sample = ManifestSample(share: share, seed: check.seed, of: truth.tables)
      let found = try SQLiteProbe.sample(path, expected: truth, drawn: sample.drawn, stop: stop)
      return ManifestFinding.of(truth.differences(from: found) + streamDifferences, sample)
    }
  }

  package func query(_ text: String, in database: String?, stop: StopSignal) throws(Failure) -> QueryAnswer {
    var rows: [String]?
    let finding = try onDatabase(database, stop) { (path) throws(Failure) in
      guard isSQLiteDatabase || RestoredFolder.looksLikeSQLite(path) else {
        return Finding(.unmeasured, "the restored file is no SQLite database")
      }
      let found = try SQLiteProbe.query(path, text, separator: SQLiteProbe.unitSeparator, stop: stop)
      guard !found.contains(where: { $0.contains(SQLiteProbe.unitSeparator) }) else {
        return Finding(.fail, "the answer has more than one column")
      }
      rows = found
      return Finding(.pass, "")
    }
    if let rows { return .rows(rows) }
    return finding.outcome == .fail ? .fault(finding) : .unmeasured(finding)
  }

  /// Looks at a database file. What sqlite3 says against the file is a fault of it; that there is no sqlite3, or no
  /// room for it, says nothing of the file.
  private func onDatabase(
    _ file: String?, _ stop: StopSignal, _ body: (String) throws(Failure) -> Finding
  ) throws(Failure) -> Finding {
    let path: String
    switch database(named: file) {
    case .found(let found): path = found
    case .absent(let why): return Finding(.fail, why)
    case .unclear(let why): return Finding(.unmeasured, why)
    }
    do throws(Failure) {
      try SQLiteProbe.requireCommand(stop: stop)
    } catch {
      try stop.check()
      return Finding(.unmeasured, error.what)
    }
    do throws(Failure) {
      return try body(path)
    } catch {
      try stop.check()
      let isAboutTheData = [.sourceFailed, .unproven, .damaged].contains(error.code)
      return isAboutTheData
        ? Finding(.fail, "sqlite3 could not answer", [error.what]) : Finding(.unmeasured, error.what)
    }
  }
}
