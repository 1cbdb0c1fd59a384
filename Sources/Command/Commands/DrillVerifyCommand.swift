import ArgumentParser
import Bytes
import Drills
import Engine
import Format
import Pipeline
import Profiles
import Repository

/// `lifeboat drill verify`: whether the ledger is whole, and whether what was scheduled was run.
///
/// JSON: one `problem` for each with `kind` (`damaged`, `missing`, `signer`, `number`, `link`, `order`, `duplicate`, `time`,
/// `export`), `severity` (`damage`, `warning`), `record` (its id, or null), `what`, `next`; one `schedule` for each drill that
/// ever declared one with `drill`, `component`, `schedule` (null: none any more), `zone` (seconds east of UTC), `since`, `last`,
/// `kept`, `missed` (counts), `expected` (null without a schedule), `overdue`; one `gap` for each missed slot, the first
/// thousand of a drill, with `drill`, `component`, `begin`, `end`; one `noted` for each id that is still there with `record`,
/// `number`, `source` (`given`, `host`); then `ledger` with `repository`, `root`, `records`, `heads`, `signers` (`publicKey`,
/// `records`), `whole` and `gaps` (true or false).
struct DrillVerifyCommand: LifeboatCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify", abstract: "Verify the chain of records, and that scheduled drills were run.",
    discussion: """
      Verifies of every record its name, seal, signature and signer, its number and its links to those before it; that \
      each noted id is still there; and, by the schedules that the records declare, that no drill was left out. Needs a \
      keeper or restorer key; with --export only the exported file.

      Exit status 0 whole, 1 gaps or warnings, 6 broken. A drill keeps the slot from one turn of its schedule to the next in \
      which it begins; a slot has a grace of a quarter of its length, at most a day: a run that comes that much too early \
      still counts for it, and one that has not come that much later is overdue.
      """)

  @Option(
    name: .customLong("since"),
    help: "The id of a record that was noted: it must still be there. At least 12 digits; may be repeated.")
  var noted: [String] = []

  @Option(
    help: "An exported ledger (drill export --format json) to verify instead of a repository.", completion: .file())
  var export: String?

  @Option(help: "With --export: the root key that it must rest on, 64 digits or the first 16.")
  var root: String?

  @OptionGroup var repository: RepositoryOptions
  @OptionGroup var copies: CopyOptions
  @OptionGroup var output: OutputOptions

  func run(in context: RunContext) throws(Failure) {
    let noted = try noted.map { (text) throws(Failure) in try NotedRecord(given: text) }
    let verification: LedgerVerification
    if let export {
      verification = try verify(export, noted)
    } else {
      verification = try verify(noted, in: context)
    }
    VerificationText(verification).say(isJSON: output.json, in: context)
    if let first = verification.problems.first(where: { $0.severity == .damage }) {
      throw Failure(
        .damaged, "the ledger is broken: \(first.what)", at: first.record.map { ObjectPath.record($0).path } ?? "",
        next: first.next.isEmpty
          ? "Compare with a copy of the repository, or with record ids that were noted elsewhere." : first.next)
    }
  }

  private func verify(_ noted: [NotedRecord], in context: RunContext) throws(Failure) -> LedgerVerification {
    guard root == nil else {
      throw Failure(
        .usage, "--root is for an exported ledger: a key file has its own", at: "command line",
        next: "Leave it out, or give --export.")
    }
    let address = try repository.address(in: context, for: [.keeper, .restorer]) { () throws(Failure) in nil }
      .asking(copies)
    return try address.withReadOnlyRepository(in: context) { (repository) throws(Failure) in
      try LedgerVerification.verify(
        try MetaAccess(repository, to: "verify records"), noted: noted, now: WallClock.now())
    }
  }

  /// The longest exported ledger that is read, in bytes.
  private static let limit = 1 << 30

  private func verify(
    _ path: String, _ noted: [NotedRecord]
  ) throws(Failure) -> LedgerVerification {
    let bytes: [UInt8]
    do throws(SystemError) {
      bytes = try DurableFile.read(path, limit: DrillVerifyCommand.limit)
    } catch {
      throw error.failure(.usage, "the exported ledger cannot be read", next: "Give the path of its JSON file.")
    }
    do throws(Failure) {
      return try LedgerExport.verify(try LedgerFile(bytes: bytes), root: root, noted: noted, now: WallClock.now())
    } catch {
      throw error.place.isEmpty ? error.within(path) : error
    }
  }
}
