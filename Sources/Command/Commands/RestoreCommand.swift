import ArgumentParser
import Bytes
import Cryptography
import Engine
import Format
import Glibc
import Pipeline
import Profiles
import Repository

/// `lifeboat restore`: a snapshot back into a folder, to standard output, or into a running server.
///
/// JSON: `choice` with the fields of a `snapshot` (see `snapshots`) before anything is written; at the end `restore` with
/// `snapshot`, `folder`, `streams`, `bytes`, `milliseconds`. With `--into`: `plan` with `target`, `databases` (`name`,
/// `target`), `bytes`, `steps`, `notes`, `obstacles`; at the end `restore` with `snapshot`, `target`, `databases`, `bytes`,
/// `milliseconds`, `phases` (`name`, `milliseconds`), `verified` (true or null), `setAside`, and `record`, the id of a
/// recovery's record or null. With `--to -` events go to standard error, for standard output carries the stream.
struct RestoreCommand: LifeboatCommand {
  static let configuration = CommandConfiguration(
    commandName: "restore", abstract: "Restore a snapshot into a folder or a running server.",
    usage: """
      lifeboat restore <component> --to <folder> [options]
      lifeboat restore <component> --to - --stream <name>
      lifeboat restore <component> --into <target> [--as <name>] [options]
      """,
    discussion: """
      Takes the newest complete snapshot of the component unless told otherwise. Needs a restorer key. The folder must \
      be new, empty, or left by a restore that did not end. A target is a server that the profile names under targets, \
      or source, the server that was dumped, which needs --as or --replace. A database is loaded under a name of its \
      own and gets its name once it equals the manifest of the dump.
      """)

  @Argument(
    help: "The component, or the path of its profile; may be left out where there is only one, or with --snapshot.")
  var component: String?

  @Option(help: "The folder to restore into, or - for standard output.", completion: .directory)
  var to: String?

  @Option(help: "The server to load into: a name under targets in the profile, or source.")
  var into: String?

  @OptionGroup var load: LoadOptions

  @OptionGroup var selection: SelectionOptions

  @Option(name: .customLong("stream"), help: "Only this stream, or what lies below this folder; may be repeated.")
  var streams: [String] = []

  @Flag(help: "Restore although the writer's key is another than at the last proven drill.")
  var acceptWriterKey = false

  @Option(help: "How many threads fetch, open and decompress.")
  var threads: Int?

  @OptionGroup var repository: RepositoryOptions
  @OptionGroup var copies: CopyOptions
  @OptionGroup var quiet: QuietOptions
  @OptionGroup var output: OutputOptions

  var promisesOutput: Bool { false }
  var isQuiet: Bool { quiet.quiet }
  var sendsDataToOutput: Bool { to == "-" }

  func run(in context: RunContext) throws(Failure) {
    try OptionRange.check(threads, "--threads", Tuning.threadCounts)
    switch (to, into) {
    case (let folder?, nil):
      if let option = load.given {
        throw Failure(.usage, "\(option) needs --into", at: "command line", next: "Name the target.")
      }
      if folder == "-" { try restoreToOutput(in: context) } else { try restore(to: folder, in: context) }
    case (nil, let target?): try RestoreInto(command: self, target: target).run(in: context)
    case (nil, nil), (.some, .some):
      throw Failure(
        .usage, to == nil ? "there is nothing to restore to" : "--to and --into exclude each other",
        at: "command line", next: "Give --to FOLDER, or --into with a target of the profile.")
    }
  }

  private func restoreToOutput(in context: RunContext) throws(Failure) {
    guard isatty(1) == 0 else {
      throw Failure(.usage, "standard output is a terminal", at: "--to -", next: "Send it into a file or a pipe.")
    }
    let chosen = try choose(in: context)
    let found = try chosen.streams(named: streams).filter { $0.kind == .dump || $0.kind == .file }
    guard let only = found.first, found.count == 1 else {
      throw Failure(
        .usage, "there are \(found.count) streams", at: "--to -",
        next: found.isEmpty
          ? "See lifeboat show."
          : "Choose one with --stream: \(found.prefix(20).map(\.displayName).joined(separator: ", ")).")
    }
    try announce(chosen, in: context)
    _ = try context.tracking(only.displayName, { chosen.run.progress.restoreReading }) { () throws(Failure) in
      try chosen.run.run(
        chosen.listed, from: chosen.source, wanted: { $0.name == only.name },
        into: DescriptorSink(1, stop: context.stop))
    }
  }

  private func choose(in context: RunContext) throws(Failure) -> ChosenSnapshot {
    let wanted = try selection.selection()
    let named = try NamedComponent(component)
    let address = try repository.address(in: context, for: [.restorer], hints: named.hints).asking(copies)
    return try ChosenSnapshot.open(
      address, wanted, of: named.name, writer: selection.writer, to: "restore", threads: threads, in: context)
  }

  private func restore(to folder: String, in context: RunContext) throws(Failure) {
    let chosen = try choose(in: context)
    let names = streams
    let selected = names.isEmpty ? nil : try chosen.streams(named: names)
    let size = selected?.reduce(0) { $0 + $1.length } ?? chosen.listed.snapshot.catalogue.length
    try announce(chosen, in: context)
    try FreeSpace.check(folder, needing: size)
    let sink = try FolderSink(folder)
    let watch = Stopwatch()
    let title = chosen.listed.snapshot.component
    let report = try context.tracking(title, { chosen.run.progress.restoreReading }) { () throws(Failure) in
      try chosen.run.run(
        chosen.listed, from: chosen.source,
        wanted: names.isEmpty ? nil : { stream in names.contains { ChosenSnapshot.matches(stream, $0) } }, into: sink)
    }
    guard report.differences.isEmpty else {
      throw Failure(
        .damaged, report.differences.joined(separator: "; "), at: folder,
        next: "Do not use what was restored; run lifeboat check --read-data.")
    }
    say(report, chosen.listed, folder, watch.nanoseconds, in: context)
  }

  /// Says which writer's data these are, and asks if its key is not the one that a drill proved.
  func announce(_ chosen: ChosenSnapshot, in context: RunContext) throws(Failure) {
    let listed = chosen.listed
    if output.json {
      context.say(Statement("choice", SnapshotText.fields(listed, chosen.ledger), [], isSummary: true))
    } else {
      context.note("restoring \(listed.snapshot.component) from \(SnapshotText.origin(listed))")
    }
    chosen.warn(in: context)
    guard let former = chosen.choice.formerKey, !acceptWriterKey else { return }
    let what =
      "the writer's key is \(listed.writer.enrolment.sign.fingerprint), and it was \(former) when a drill last proved "
      + "\(listed.snapshot.component)"
    if !output.json, isatty(0) == 1, isatty(2) == 1, let terminal = Terminal(stop: context.stop) {
      context.note(what)
      if try terminal.confirms("Restore what the other key has signed?") { return }
    }
    throw Failure(
      .keyUntrusted, what, at: "writer \(SnapshotText.writer(listed))",
      next: "Find out why it changed (a new host, a new enrolment), then add --accept-writer-key.")
  }

  private func say(
    _ report: RestoreReport, _ listed: ListedSnapshot, _ folder: String, _ nanoseconds: UInt64, in context: RunContext
  ) {
    let streams = Plural.of(report.streams, "stream")
    context.say(
      Statement(
        "restore",
        [
          ("snapshot", .text(listed.name.hex)), ("folder", .text(folder)), ("streams", .count(report.streams)),
          ("bytes", .count(report.bytes)), ("milliseconds", .count(nanoseconds / 1_000_000)),
        ],
        [
          "\(listed.snapshot.component): restored \(streams), \(ByteCount(report.bytes).rounded) in "
            + "\(Duration.text(nanoseconds)), to \(folder), from \(SnapshotText.origin(listed))"
        ], isSummary: true))
  }
}

/// Room on the disk that a restore is to fill.
enum FreeSpace {
  /// Throws `targetFull` if so many bytes certainly don't fit below `path`, which need not be there yet.
  static func check(_ path: String, needing bytes: UInt64) throws(Failure) {
    var place = path
    var status = statvfs()
    while statvfs(place, &status) != 0 {
      let above = DurableFile.folder(of: place)
      if above == place { return }
      place = above
    }
    let free = UInt64(status.f_bavail) * UInt64(status.f_frsize)
    guard free < bytes else { return }
    throw Failure(
      .targetFull, "\(ByteCount(bytes).rounded) are to be restored, and \(ByteCount(free).rounded) are free", at: path,
      next: "Free space there, or name another folder with --to.")
  }
}
