import Bytes
import Cryptography
import Format
import Repository

/// Follows the links between records: numbers, parents, and the digests of the parents' bodies.
///
/// A record names every head that was there when it was signed. So each but the newest ones is named, with the digest of
/// what it says, under a later signature: none can be taken out, changed or moved without a trace in those that follow.
struct LedgerLinks {
  private let entries: [LedgerEntry]
  private let known: [Name: LedgerEntry]

  init(_ entries: [LedgerEntry]) {
    self.entries = entries
    known = Dictionary(entries.map { ($0.name, $0) }) { first, _ in first }
  }

  /// The records that no other follows.
  var heads: [Name] {
    let followed = Set(entries.flatMap(\.record.parents))
    return Set(entries.map(\.name)).subtracting(followed).sorted()
  }

  /// The records that a head follows, however far back, and the heads themselves.
  var reachable: Set<Name> {
    var found: Set<Name> = []
    var left = heads
    while let name = left.popLast() {
      guard found.insert(name).inserted else { continue }
      left += known[name]?.record.parents ?? []
    }
    return found
  }

  var problems: [LedgerProblem] {
    entries.compactMap(number) + entries.flatMap(bodies) + duplicates
  }

  /// Numbers are one more than the highest of the parents; only a first record has no parent.
  private func number(_ entry: LedgerEntry) -> LedgerProblem? {
    let record = entry.record
    let parents = record.parents.compactMap { known[$0]?.record.number }
    let highest = parents.max() ?? 0
    let isWhole = parents.count == record.parents.count
    let follows = isWhole ? record.number == highest + 1 : record.number > max(1, highest)
    guard !follows else { return nil }
    return LedgerProblem(
      .number, of: entry.name,
      "the record \(entry.name.short) has the number \(record.number), which does not follow its parents",
      next: "Ask who signed it: \(entry.signer.fingerprint).")
  }

  private func bodies(_ entry: LedgerEntry) -> [LedgerProblem] {
    let parents = entry.record.parents
    guard Set(parents).count == parents.count else {
      return [LedgerProblem(.link, of: entry.name, "the record \(entry.name.short) names a parent twice")]
    }
    guard let stated = entry.record.particulars?.parentBodies else { return [] }
    return zip(parents, stated).compactMap { parent, digest in
      // A parent that did not open when this was signed has no digest.
      guard digest != .zero, let found = known[parent], found.bodyDigest != digest else { return nil }
      return LedgerProblem(
        .link, of: parent,
        "the record \(parent.short) (number \(found.record.number)) is not the one that \(entry.name.short) (number \(entry.record.number)) followed: it says something else",
        next: "Compare with a copy of the repository, or with an older export.")
    }
  }

  private var duplicates: [LedgerProblem] {
    var first: [Name: LedgerEntry] = [:]
    var problems: [LedgerProblem] = []
    for entry in entries.sorted(by: { $0.name < $1.name }) {
      guard let same = first[entry.bodyDigest] else {
        first[entry.bodyDigest] = entry
        continue
      }
      problems.append(
        LedgerProblem(
          .duplicate, of: entry.name,
          "the record \(entry.name.short) is \(same.name.short) once more: the same signed bytes stand twice",
          next: "Only one of them was put there by a drill: the one that later records follow."))
    }
    return problems
  }
}
