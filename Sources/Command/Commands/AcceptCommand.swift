import ArgumentParser
import Bytes
import Cryptography
import Engine
import Format
import Profiles
import Repository

/// `lifeboat accept`: lets a quarantined snapshot count, on the record.
///
/// JSON: one `acceptance` with `snapshot`, `component`, `reasons` (why it was quarantined), `accepted` (see `snapshots`),
/// `isNew` (false where it was accepted before).
struct AcceptCommand: LifeboatCommand {
  static let configuration = CommandConfiguration(
    commandName: "accept", abstract: "Let a quarantined snapshot count as complete, with a signed reason.",
    discussion: """
      The snapshot itself never changes: an annotation is stored beside it, signed by a keeper or a restorer. Needs one \
      of their keys. The host that makes the backups does not learn of it: if its gate will object again tomorrow, run \
      one backup there with --accept, which moves its bands.
      """)

  @Argument(help: "The beginning of the snapshot's id.")
  var snapshot: String

  @Option(help: "Why it may count, for those who read the record later.")
  var reason: String

  @OptionGroup var repository: RepositoryOptions
  @OptionGroup var output: OutputOptions

  func run(in context: RunContext) throws(Failure) {
    guard case .snapshot(let prefix) = try SelectionOptions.word(snapshot) else {
      throw Failure(
        .usage, "a snapshot is accepted by its id", at: "command line", next: "Take it from lifeboat snapshots.")
    }
    guard Annotation.isReason(reason) else {
      throw Failure(
        .usage, "the reason is empty, or longer than \(Annotation.longestReason) bytes", at: "command line",
        next: "Say with --reason why the snapshot may count.")
    }
    let address = try repository.address(in: context, for: [.keeper, .restorer]) { () throws(Failure) in nil }
    let (listed, isNew) = try address.withRepository(in: context) { (repository) throws(Failure) in
      let access = try MetaAccess(repository, to: "accept snapshots")
      let found = try AcceptCommand.find(prefix, access)
      if found.isComplete { return (found, false) }
      _ = try Annotations.append(
        Annotation(.accept, of: [found.name], because: reason, tool: Release.tool), in: access)
      // Read back: what counts is what every reader sees from now on.
      let now = try AcceptCommand.find(found.name.hex, access)
      guard now.isComplete else {
        throw Failure(
          .storeUnavailable, "the acceptance was stored, and the store does not list it",
          next: "Look again with lifeboat snapshots.")
      }
      return (now, true)
    }
    say(listed, isNew, in: context)
  }

  private static func find(_ prefix: String, _ access: MetaAccess) throws(Failure) -> ListedSnapshot {
    let found = try SnapshotHistory.load(access).named(prefix)
    guard let only = found.first, found.count == 1 else {
      throw Failure(
        .usage, found.isEmpty ? "no snapshot begins with \(prefix)" : "\(found.count) snapshots begin with \(prefix)",
        next: "See lifeboat snapshots.")
    }
    return only
  }

  private func say(_ listed: ListedSnapshot, _ isNew: Bool, in context: RunContext) {
    let snapshot = listed.snapshot
    let subject = "\(snapshot.component): snapshot \(listed.name.hex.prefix(12))"
    var line = "\(subject) is complete; nothing is to be accepted"
    if let acceptance = listed.acceptance {
      line = "\(subject) \(isNew ? "counts from now on" : "counts already"): \(SnapshotText.acceptance(acceptance))"
    }
    context.say(
      Statement(
        "acceptance",
        [
          ("snapshot", .text(listed.name.hex)), ("component", .text(snapshot.component)),
          ("reasons", .list(snapshot.reasons.map { .text($0) })), ("accepted", SnapshotText.acceptanceFields(listed)),
          ("isNew", .truth(isNew)),
        ], [SafeText.line(line)]))
  }
}
