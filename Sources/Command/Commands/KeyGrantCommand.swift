import ArgumentParser
import Bytes
import Format
import Profiles
import Repository

/// `lifeboat key grant`: a component for a writer.
///
/// JSON: one `grant` with `component` and `writer`.
struct KeyGrantCommand: LifeboatCommand {
  static let configuration = CommandConfiguration(
    commandName: "grant", abstract: "Grant a component to a writer.", discussion: "Needs a keeper key.")

  @Argument(help: "The component.")
  var component: String

  @Option(help: "The writer whose id begins so, as lifeboat key list shows it.")
  var writer: String

  @OptionGroup var repository: RepositoryOptions
  @OptionGroup var output: OutputOptions

  var promisesOutput: Bool { false }

  func run(in context: RunContext) throws(Failure) {
    let address = try repository.address(in: context, for: [.keeper]) { () throws(Failure) in nil }
    let id = try address.withRepository(in: context) { (repository) throws(Failure) in
      let access = try MetaAccess(repository, to: "grant components")
      let found = access.writers.filter { !writer.isEmpty && $0.id.hex.hasPrefix(writer) }
      guard let only = found.first, found.count == 1 else {
        throw Failure(
          .usage,
          found.isEmpty ? "no writer's id begins with \(writer)" : "\(found.count) writers' ids begin with \(writer)",
          at: "--writer", next: "See lifeboat key list.")
      }
      try NewWriter.grant(component, to: only.id, in: repository)
      return only.id
    }
    context.say(
      Statement(
        "grant", [("component", .text(component)), ("writer", .text(id.hex))],
        ["\(component) is granted to writer \(id.hex.prefix(8))"]))
  }
}
