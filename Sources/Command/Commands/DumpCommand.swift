import ArgumentParser
import Bytes
import Engine
import Format
import Glibc
import Profiles
import Repository

/// `lifeboat dump`: one stream of a snapshot to standard output.
///
/// With `--json` events and errors go to standard error, for standard output carries the stream.
struct DumpCommand: LifeboatCommand {
  static let configuration = CommandConfiguration(
    commandName: "dump", abstract: "Write one stream of a snapshot to standard output.",
    discussion: """
      Every byte is verified before it is written; if the stream turns out to be damaged, it ends there and the exit \
      status is 6, so that a reader must not trust what came before it has seen the status. Needs a restorer key.
      """)

  @Argument(help: "latest, latest-proven, or the beginning of a snapshot's id.")
  var snapshot: String

  @Option(help: "The component, where there are several.")
  var component: String?

  @Option(help: "The stream, where the snapshot has several.")
  var stream: String?

  @Option(help: "Snapshots of the writer whose id begins so, where several have the component.")
  var writer: String?

  @Flag(help: "Write even to a terminal.")
  var force = false

  @OptionGroup var repository: RepositoryOptions
  @OptionGroup var copies: CopyOptions
  @OptionGroup var output: OutputOptions

  var sendsDataToOutput: Bool { true }

  func run(in context: RunContext) throws(Failure) {
    let selection = try SelectionOptions.word(snapshot)
    guard isatty(1) == 0 || force else {
      throw Failure(
        .usage, "standard output is a terminal", at: "command line",
        next: "Send the dump into a file or a pipe, or add --force.")
    }
    let named = try NamedComponent(component)
    let address = try repository.address(in: context, for: [.restorer], hints: named.hints).asking(copies)
    let chosen = try ChosenSnapshot.open(
      address, selection, of: named.name, writer: writer, to: "open dumps", threads: nil, in: context)
    chosen.warn(in: context)
    let wanted = try stream(of: chosen)
    _ = try context.tracking(wanted.displayName, { chosen.run.progress.restoreReading }) { () throws(Failure) in
      try chosen.run.run(
        chosen.listed, from: chosen.source, wanted: { $0.name == wanted.name },
        into: DescriptorSink(1, stop: context.stop))
    }
  }

  /// The one stream that is meant.
  private func stream(of chosen: ChosenSnapshot) throws(Failure) -> StreamEntry {
    let found = try chosen.streams(named: stream.map { [$0] } ?? []).filter { $0.kind == .dump || $0.kind == .file }
    if let exact = found.first(where: { $0.displayName == stream }) { return exact }
    guard let only = found.first, found.count == 1 else {
      let names = found.prefix(20).map(\.displayName).joined(separator: ", ")
      throw Failure(
        .usage, found.isEmpty ? "there is no stream with bytes" : "there are \(found.count) streams",
        at: "snapshot \(chosen.listed.name.hex.prefix(12))",
        next: found.isEmpty ? "See lifeboat show." : "Choose one with --stream: \(names).")
    }
    return only
  }
}
