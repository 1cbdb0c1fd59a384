import Bytes
import Cryptography
import Databases
import Engine
import Format
import Profiles
import Repository

/// One snapshot opened up as far as a key allows.
struct SnapshotView {
  private let listed: ListedSnapshot
  private let ledger: Ledger
  private let streams: [StreamEntry]
  /// Nil where the key at hand does not open it.
  private let truth: TruthManifest?

  init(
    _ repository: OpenRepository, _ selection: Selection, of component: String?, writer: String?, in context: RunContext
  ) throws(Failure) {
    let access = try MetaAccess(repository, to: "show snapshots")
    ledger = try Ledger.load(access)
    let history = try SnapshotHistory.load(access)
    listed = try SnapshotChoice.make(selection, of: component, writer: writer, in: history, ledger: ledger).listed
    let source: BlobSource
    if repository.key.data.isEmpty {
      let namespace = try Namespace.load(
        of: listed.writer, in: repository, with: access.identities, readingPacks: true)
      source = try BlobSource(access, namespace: namespace)
      truth = nil
    } else {
      let restorer = try RestorerAccess(repository, to: "show snapshots")
      let run = RestoreRun(restorer, stop: context.stop, progress: RunProgress())
      source = try run.source(of: listed)
      truth = try run.truth(of: listed)
    }
    var walker = CatalogueWalker(listed.snapshot.catalogue, reader: BlobReader(source))
    var streams: [StreamEntry] = []
    while let stream = try walker.next() { streams.append(stream) }
    self.streams = streams
  }

  func say(in context: RunContext) {
    let snapshot = listed.snapshot
    let counts = snapshot.statistics
    var rows: [(String, String)] = [
      ("snapshot", listed.name.hex), ("component", snapshot.component), ("verdict", SnapshotText.verdict(listed)),
    ]
    rows += snapshot.reasons.map { ("reason", $0) }
    if let acceptance = listed.acceptance { rows.append(("accepted", SnapshotText.acceptance(acceptance))) }
    rows += [
      ("started", LocalTime.text(snapshot.started.value)), ("finished", LocalTime.text(snapshot.finished.value)),
      ("sequence", "\(snapshot.sequence)"), ("writer", "\(listed.writer.id.hex) \(listed.writer.enrolment.label)"),
      ("writer's key", listed.writer.enrolment.sign.fingerprint),
      ("proven", ledger.isProven(listed.name) ? "yes" : "no"),
      ("engine", [snapshot.engine.kind, snapshot.engine.version].filter { !$0.isEmpty }.joined(separator: " ")),
      ("of", snapshot.engine.identity), ("size", size(counts.bytes)),
      ("new", "\(size(counts.newBytes)) in \(counts.newChunks) of \(counts.chunks) chunks"),
      ("stored", size(counts.storedBytes)),
    ]
    rows += snapshot.parents.map { ("after", String($0.hex.prefix(12))) }
    let width = rows.map(\.0.count).max() ?? 0
    var lines = rows.map { SafeText.line($0.0 + String(repeating: " ", count: width + 2 - $0.0.count) + $0.1) }
    lines += ["", "Streams"] + streamTable()
    lines += ["", "Profile"] + profileLines()
    lines += truthLines()
    context.say(Statement("snapshot", [], lines))
  }

  func sayJSON(in context: RunContext) {
    let snapshot = listed.snapshot
    let profile = JSONValue.parse(snapshot.profile) ?? .text(snapshot.profile)
    let truth = truth.map { JSONValue.parse($0.json) ?? .nothing } ?? .nothing
    context.say(
      Statement(
        "snapshot",
        SnapshotText.fields(listed, ledger) + [
          ("engine", .text(snapshot.engine.kind)), ("engineVersion", .text(snapshot.engine.version)),
          ("engineIdentity", .text(snapshot.engine.identity)), ("installation", .text(snapshot.installation.hex)),
          ("parents", .list(snapshot.parents.map { .text($0.hex) })), ("epoch", .integer(Int64(snapshot.epoch))),
          ("profile", profile), ("truth", truth),
        ], []))
    for stream in streams {
      context.say(
        Statement(
          "stream",
          [
            ("name", .text(stream.displayName)), ("kind", .text("\(stream.kind)")), ("bytes", .count(stream.length)),
            ("mode", .integer(Int64(stream.mode))), ("modified", .time(UInt64(max(0, stream.modified)))),
          ], []))
    }
  }

  private func size(_ bytes: UInt64) -> String { "\(ByteCount(bytes).rounded) (\(bytes) bytes)" }

  private func streamTable() -> [String] {
    var table = Table([("NAME", .left), ("KIND", .left), ("SIZE", .right), ("MODIFIED", .left)])
    for stream in streams {
      let kind = stream.kind == .symbolicLink ? "link" : "\(stream.kind)"
      let modified = LocalTime.text(UInt64(max(0, stream.modified)))
      table.add([stream.displayName, kind, ByteCount(stream.length).rounded, modified])
    }
    return table.lines.map { "  \($0)" }
  }

  private func profileLines() -> [String] {
    guard case .object(let members)? = JSONValue.parse(listed.snapshot.profile) else {
      return ["  \(listed.snapshot.profile)"]
    }
    return members.map { key, value in
      if case .text(let text) = value { return "  \(key): \(SafeText.line(text))" }
      return "  \(key): \(value.encoded)"
    }
  }

  private func truthLines() -> [String] {
    guard let truth else { return ["", "The truth manifest opens with a restorer key only."] }
    guard !truth.tables.isEmpty else { return [] }
    var table = Table([("TABLE", .left), ("ROWS", .right), ("CHECKSUM", .left)])
    for entry in truth.tables {
      table.add([DisplayText.of(entry.name), "\(entry.rows)", String(entry.checksum.hex.prefix(16))])
    }
    return ["", "Truth (\(truth.engine), \(truth.rows) rows)"] + table.lines.map { "  \($0)" }
  }
}
