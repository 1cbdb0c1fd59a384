import ArgumentParser
import Bytes
import Cryptography
import Engine
import Format
import Glibc
import Pipeline
import Profiles
import Repository

/// `lifeboat restore`: a snapshot back into a folder.
///
/// JSON: `choice` with the fields of a `snapshot` (see `snapshots`) before anything is written; at the end `restore` with
/// `snapshot`, `folder`, `streams`, `bytes`, `milliseconds`.
struct RestoreCommand: LifeboatCommand {
  static let configuration = CommandConfiguration(
    commandName: "restore", abstract: "Restore a snapshot into a folder.",
    discussion: """
      Takes the newest complete snapshot of the component unless told otherwise. Needs a restorer key. The folder must \
      be new, empty, or left by a restore that did not end.
      """)

  @Argument(
    help: "The component, or the path of its profile; may be left out where there is only one, or with --snapshot.")
  var component: String?

  @Option(help: "The folder to restore into.", completion: .directory)
  var to: String

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

  func run(in context: RunContext) throws(Failure) {
    let wanted = try selection.selection()
    try OptionRange.check(threads, "--threads", Tuning.threadCounts)
    let named = try NamedComponent(component)
    let address = try repository.address(in: context, for: [.restorer], hints: named.hints).asking(copies)
    let chosen = try ChosenSnapshot.open(
      address, wanted, of: named.name, writer: selection.writer, to: "restore", threads: threads, in: context)
    let names = streams
    let selected = names.isEmpty ? nil : try chosen.streams(named: names)
    let size = selected?.reduce(0) { $0 + $1.length } ?? chosen.listed.snapshot.catalogue.length
    try announce(chosen, in: context)
    try FreeSpace.check(to, needing: size)
    let sink = try FolderSink(to)
    let watch = Stopwatch()
    let title = chosen.listed.snapshot.component
    let report = try context.tracking(title, { chosen.run.progress.restoreReading }) { () throws(Failure) in
      try chosen.run.run(
        chosen.listed, from: chosen.source,
        wanted: names.isEmpty ? nil : { stream in names.contains { ChosenSnapshot.matches(stream, $0) } }, into: sink)
    }
    guard report.differences.isEmpty else {
      throw Failure(
        .damaged, report.differences.joined(separator: "; "), at: to,
        next: "Do not use what was restored; run lifeboat check --read-data.")
    }
    say(report, chosen.listed, watch.nanoseconds, in: context)
  }

  /// Says which writer's data these are, and asks if its key is not the one that a drill proved.
  private func announce(_ chosen: ChosenSnapshot, in context: RunContext) throws(Failure) {
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

  private func say(_ report: RestoreReport, _ listed: ListedSnapshot, _ nanoseconds: UInt64, in context: RunContext) {
    let streams = Plural.of(report.streams, "stream")
    context.say(
      Statement(
        "restore",
        [
          ("snapshot", .text(listed.name.hex)), ("folder", .text(to)), ("streams", .count(report.streams)),
          ("bytes", .count(report.bytes)), ("milliseconds", .count(nanoseconds / 1_000_000)),
        ],
        [
          "\(listed.snapshot.component): restored \(streams), \(ByteCount(report.bytes).rounded) in "
            + "\(Duration.text(nanoseconds)), to \(to), from \(SnapshotText.origin(listed))"
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
