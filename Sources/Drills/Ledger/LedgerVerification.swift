package import Bytes
package import Cryptography
import Format
import Profiles
package import Repository

/// A record whose id somebody kept, and which must still be there.
package struct NotedRecord: Sendable, Equatable {
  package enum Source: String, Sendable {
    /// Whoever asks gave it.
    case given
    /// This host saw it as a head.
    case host
  }

  /// The id, or its beginning.
  package let id: String
  package let source: Source

  package init(_ name: Name, _ source: Source) {
    id = name.hex
    self.source = source
  }

  /// An id as it was noted: the 64 digits, or at least the first 12.
  ///
  /// - Throws: `usage` for anything else
  package init(given text: String) throws(Failure) {
    let isHex = text.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
    guard (12...64).contains(text.utf8.count), isHex else {
      throw Failure(
        .usage, "\(text) is no id of a record", at: "--since",
        next: "Give the 64 hexadecimal digits that the drill printed, or at least the first 12.")
    }
    id = text
    source = .given
  }
}

/// What was found out about a ledger: whether it is whole, and whether what was to be run was run.
package struct LedgerVerification: Sendable {
  package let repository: Identifier
  /// The key on which everything rests: it says who the restorers are.
  package let root: PublicKey
  /// In their order.
  package let entries: [LedgerEntry]
  /// The records that no other follows. More than one is no problem: the next record joins them.
  package let heads: [Name]
  package let problems: [LedgerProblem]
  package let schedules: [ScheduleStanding]
  /// The noted records that are still there, each with the record that it is.
  package let noted: [(noted: NotedRecord, entry: LedgerEntry)]

  /// Whether the chain is broken.
  package var isBroken: Bool { problems.contains { $0.severity == .damage } }
  /// Whether a scheduled drill was not run.
  package var hasGaps: Bool { schedules.contains(where: \.hasGap) }

  /// Who signed, with the number of records of each.
  package var signers: [(key: PublicKey, records: Int)] {
    Dictionary(grouping: entries, by: \.signer).map { ($0.key, $0.value.count) }.sorted { $0.key.hex < $1.key.hex }
  }

  /// Verifies the ledger of a repository. Needs the key of a keeper or a restorer, and none that signs.
  ///
  /// What this host saw as heads before must still be there, too. Where nothing is broken, it remembers those of now.
  ///
  /// - Parameters:
  ///   - access: a key that opens what is sealed to meta
  ///   - noted: ids that somebody kept
  ///   - now: nanoseconds since 1970
  package static func verify(
    _ access: MetaAccess, noted: [NotedRecord] = [], now: UInt64
  ) throws(Failure) -> LedgerVerification {
    let ledger = try Ledger.load(access)
    let state = access.repository.state
    let remembered = try state?.heads(of: .zero) ?? []
    let verification = LedgerVerification(
      repository: access.repository.id, root: access.repository.key.root, entries: ledger.entries,
      problems: ledger.problems.map { LedgerVerification.problem($0.path.name, $0.failure, ledger.missing) },
      noted: noted + remembered.map { NotedRecord($0, .host) }, now: now)
    if !verification.isBroken, verification.heads != remembered {
      try state?.remember(heads: verification.heads, of: .zero)
    }
    return verification
  }

  /// - Parameters:
  ///   - problems: what was found while the records were opened
  ///   - scheduledUntil: until when drills are known, in nanoseconds since 1970; nil means now
  init(
    repository: Identifier, root: PublicKey, entries: [LedgerEntry], problems: [LedgerProblem], noted: [NotedRecord],
    now: UInt64, scheduledUntil: UInt64? = nil
  ) {
    self.repository = repository
    self.root = root
    self.entries = entries.sorted(by: Ledger.inOrder)
    let links = LedgerLinks(self.entries)
    heads = links.heads
    var found = problems + links.problems + LedgerTimes(entries: self.entries, now: now).problems
    var kept: [(NotedRecord, LedgerEntry)] = []
    let reachable = links.reachable
    for record in noted {
      if let entry = self.entries.first(where: { $0.name.hex.hasPrefix(record.id) && reachable.contains($0.name) }) {
        kept.append((record, entry))
      } else if let problem = LedgerVerification.lost(record, found) {
        found.append(problem)
      }
    }
    self.noted = kept
    self.problems = found
    schedules = ScheduleStanding.all(
      self.entries, now: Moment(seconds: Int64((scheduledUntil ?? now) / 1_000_000_000)))
  }

  /// A noted record that is not there; nil where it was named already.
  private static func lost(_ noted: NotedRecord, _ problems: [LedgerProblem]) -> LedgerProblem? {
    let isNamed = problems.contains { $0.record.map { $0.hex.hasPrefix(noted.id) } ?? false }
    guard !isNamed else { return nil }
    let who = noted.source == .host ? "this host saw" : "was noted"
    return LedgerProblem(
      .missing, of: Name(hex: noted.id),
      "the record \(noted.id.prefix(12)), which \(who), is gone: the end of the ledger was cut off, or it was begun anew",
      next: "Look into the store's own versions and copies, and ask who could delete there.")
  }

  private static func problem(_ name: Name, _ failure: Failure, _ missing: Set<Name>) -> LedgerProblem {
    let kind: LedgerProblem.Kind =
      missing.contains(name) ? .missing : failure.code == .keyUntrusted ? .signer : .damaged
    let what = kind == .missing ? failure.what : "the record \(name.short) does not count: \(failure.what)"
    return LedgerProblem(kind, of: name, what, next: failure.next)
  }
}
