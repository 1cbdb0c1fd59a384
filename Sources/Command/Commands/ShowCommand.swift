import ArgumentParser
import Bytes
import Databases
import Engine
import Format
import Profiles
import Repository

/// `lifeboat show`: everything about one snapshot that the key at hand can read.
///
/// JSON: one `snapshot` with the fields that `snapshots` gives and `engine`, `engineVersion`, `engineIdentity`,
/// `installation`, `parents`, `epoch`, `profile` (the effective profile as an object of its own), `truth` (null
/// without a restorer key); then one `stream` for each with `name`, `kind`, `bytes`, `mode`, `modified`.
struct ShowCommand: LifeboatCommand {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "Show a snapshot: streams, profile, and what was true of the data.",
    discussion: "Needs a keeper or restorer key; only a restorer sees the truth manifest.")

  @Argument(help: "latest, latest-proven, or the beginning of a snapshot's id.")
  var snapshot: String

  @Option(help: "The component, where there are several.")
  var component: String?

  @Option(help: "Snapshots of the writer whose id begins so, where several have the component.")
  var writer: String?

  @OptionGroup var repository: RepositoryOptions
  @OptionGroup var copies: CopyOptions
  @OptionGroup var output: OutputOptions

  func run(in context: RunContext) throws(Failure) {
    let selection = try SelectionOptions.word(snapshot)
    let named = try NamedComponent(component)
    let address = try repository.address(in: context, for: [.restorer, .keeper], hints: named.hints).asking(copies)
    let view = try address.withReadOnlyRepository(in: context) { (repository) throws(Failure) in
      try SnapshotView(repository, selection, of: named.name, writer: writer, in: context)
    }
    if output.json { view.sayJSON(in: context) } else { view.say(in: context) }
  }
}
