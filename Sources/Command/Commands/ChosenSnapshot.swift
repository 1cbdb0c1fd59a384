import Bytes
import Engine
import Format
import Pipeline
import Profiles
import Repository

/// A snapshot that was chosen for reading, with all that is needed to read it.
struct ChosenSnapshot {
  let access: RestorerAccess
  let ledger: Ledger
  let choice: SnapshotChoice
  let run: RestoreRun
  let source: BlobSource

  var listed: ListedSnapshot { choice.listed }

  /// Opens the repository with a restorer key, chooses, and loads the index.
  ///
  /// - Parameters:
  ///   - address: the repository
  ///   - purpose: what a key of the wrong role cannot do
  ///   - threads: nil for one a core
  static func open(
    _ address: RepositoryAddress, _ selection: Selection, of component: String?, writer: String?, to purpose: String,
    threads: Int?, in context: RunContext
  ) throws(Failure) -> ChosenSnapshot {
    try address.withReadOnlyRepository(in: context, asksAhead: true) { (repository) throws(Failure) in
      let access = try RestorerAccess(repository, to: purpose)
      let history = try SnapshotHistory.load(access.meta)
      let ledger = try Ledger.load(access.meta)
      let choice = try SnapshotChoice.make(selection, of: component, writer: writer, in: history, ledger: ledger)
      let run = RestoreRun(access, stop: context.stop, progress: RunProgress(), workers: threads)
      return ChosenSnapshot(
        access: access, ledger: ledger, choice: choice, run: run, source: try run.source(of: choice.listed))
    }
  }

  /// Warns of what a person should know before the data are used.
  func warn(in context: RunContext) {
    for text in choice.passedOver { context.warn("passed over: \(text)") }
    let snapshot = listed.snapshot
    if let acceptance = listed.acceptance {
      context.note("this snapshot was quarantined: \(snapshot.reasons.joined(separator: "; "))")
      context.note("it was \(SnapshotText.acceptance(acceptance))")
    } else if snapshot.verdict == .quarantined {
      context.warn("this snapshot is quarantined: \(snapshot.reasons.joined(separator: "; "))")
    }
  }

  /// The streams that the names mean: a stream, or everything below a folder. All of them for no names.
  ///
  /// - Throws: `usage` for a name that no stream has; it says which there are.
  func streams(named names: [String]) throws(Failure) -> [StreamEntry] {
    var walker = CatalogueWalker(listed.snapshot.catalogue, reader: BlobReader(source))
    var found: [StreamEntry] = []
    var known: [String] = []
    var missing = names
    while let stream = try walker.next() {
      if known.count < 20 { known.append(stream.displayName) }
      if names.isEmpty || names.contains(where: { ChosenSnapshot.matches(stream, $0) }) { found.append(stream) }
      missing.removeAll { ChosenSnapshot.matches(stream, $0) }
    }
    guard missing.isEmpty else {
      throw Failure(
        .usage, "the snapshot has no stream \(missing.joined(separator: ", "))",
        at: "snapshot \(listed.name.hex.prefix(12))",
        next: "There are \(listed.snapshot.catalogue.streams): \(known.joined(separator: ", "))"
          + (listed.snapshot.catalogue.streams > UInt64(known.count) ? " and more." : "."))
    }
    return found
  }

  static func matches(_ stream: StreamEntry, _ name: String) -> Bool {
    stream.displayName == name || stream.name.elementsEqual(name.utf8)
      || stream.name.starts(with: Array("\(name)/".utf8))
  }
}
