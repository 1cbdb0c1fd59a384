package import Bytes
import Cryptography
package import Format
package import Repository

/// Makes exported ledgers and verifies them, with public keys alone.
package enum LedgerExport {
  /// All that an auditor needs: records, what names their signers, and the heads.
  ///
  /// - Parameters:
  ///   - verification: of the ledger as it is now
  ///   - access: for the statements of authority
  ///   - evidence: the key of the signature beside the file, where there is one
  ///   - tool: name and version of this program
  ///   - now: nanoseconds since 1970
  package static func file(
    _ verification: LedgerVerification, _ access: MetaAccess, evidence: LedgerFile.Evidence?, tool: String, now: UInt64
  ) throws(Failure) -> LedgerFile {
    LedgerFile(
      repository: verification.repository, root: verification.root, exported: now, tool: tool,
      authority: try AuthorityChain.statements(of: access.repository.objects),
      records: verification.entries.map {
        LedgerFile.Item(record: $0.name, signer: $0.signer, envelope: $0.envelope)
      },
      heads: verification.heads, evidence: evidence)
  }

  /// Verifies an exported ledger.
  ///
  /// The ids of the heads are the only thing that rests on whoever made the export: of every other record, id and
  /// content stand under the signature of one that follows it.
  ///
  /// - Parameters:
  ///   - root: the key that everything must rest on, 64 hexadecimal digits or its first 16; nil takes the export's own
  ///   - noted: ids that somebody kept
  ///   - now: nanoseconds since 1970
  /// - Throws: `keyUntrusted` where it rests on another root, `damaged` where its authority is broken: then nothing in it
  ///   means anything
  package static func verify(
    _ file: LedgerFile, root: String?, noted: [NotedRecord] = [], now: UInt64
  ) throws(Failure) -> LedgerVerification {
    if let root, root.utf8.count < 16 || !file.root.hex.hasPrefix(root) {
      throw Failure(
        .keyUntrusted, "this export rests on the root key \(file.root.hex), which is not the one that was given",
        at: "--root", next: "Give the key that lifeboat key list shows, 64 digits or the first 16.")
    }
    let authority: AuthorityChain
    do throws(Failure) {
      authority = try AuthorityChain.verify(file.authority.map(\.bytes), of: file.repository, root: file.root)
    } catch {
      throw error.within("the authority of this export")
    }
    var problems: [LedgerProblem] = []
    let entries = opened(file, authority, &problems)
    problems += missing(file, entries) + misplaced(file, entries)
    if LedgerTimes.isAfter(file.exported.value, now) {
      problems.append(LedgerProblem(.time, .warning, of: nil, "the export says that it was made in the future"))
    }
    if let evidence = file.evidence, !evidence.isSigned || !authority.statement.isRestorer(evidence.restorer) {
      problems.append(
        LedgerProblem(
          .export, of: nil, "no restorer says that the minisign key \(evidence.minisign) is theirs",
          next: "A signature of that key proves nothing."))
    }
    let verification = LedgerVerification(
      repository: file.repository, root: file.root, entries: entries,
      problems: problems, noted: noted, now: now, scheduledUntil: min(now, file.exported.value))
    return verification
  }

  private static func opened(
    _ file: LedgerFile, _ authority: AuthorityChain, _ problems: inout [LedgerProblem]
  ) -> [LedgerEntry] {
    var seen: Set<Name> = []
    var entries: [LedgerEntry] = []
    for (position, item) in file.records.enumerated() {
      let title = "record \(position + 1) of the export, \(item.record.prefix(12)),"
      guard let name = Name(hex: item.record), let bytes = item.bytes else {
        problems.append(
          LedgerProblem(.damaged, of: Name(hex: item.record), "\(title) is malformed: no id, or no base64"))
        continue
      }
      guard seen.insert(name).inserted else {
        problems.append(LedgerProblem(.duplicate, of: name, "\(title) has an id that stood before"))
        continue
      }
      do throws(Failure) {
        let entry = try LedgerEntry(name, bytes, of: file.repository, under: authority)
        if item.signer != entry.signer.hex {
          problems.append(
            LedgerProblem(.signer, of: name, "\(title) is not signed by the key that stands beside it"))
        }
        entries.append(entry)
      } catch {
        problems.append(
          LedgerProblem(
            error.code == .keyUntrusted ? .signer : .damaged, of: name, "\(title) does not count: \(error.what)",
            next: "Ask for a fresh export, and compare."))
      }
    }
    return entries
  }

  /// Records that others follow, and heads that the export promises, that are not in it.
  private static func missing(_ file: LedgerFile, _ entries: [LedgerEntry]) -> [LedgerProblem] {
    let listed = Set(file.records.compactMap { Name(hex: $0.record) })
    var problems: [LedgerProblem] = []
    var named: Set<Name> = []
    for entry in entries {
      for parent in entry.record.parents where !listed.contains(parent) && named.insert(parent).inserted {
        problems.append(
          LedgerProblem(
            .missing, of: parent,
            "the record \(parent.short) is missing: \(entry.name.short) (number \(entry.record.number)) follows it",
            next: "Ask for a fresh export, and compare."))
      }
    }
    for head in file.heads where !listed.contains(head) && named.insert(head).inserted {
      problems.append(
        LedgerProblem(
          .missing, of: head, "the record \(head.short), a head of the ledger, is missing from the export",
          next: "Ask for a fresh export, and compare."))
    }
    let heads = LedgerLinks(entries).heads
    if problems.isEmpty, entries.count == file.records.count, heads != file.heads {
      problems.append(
        LedgerProblem(.export, of: nil, "the heads that the export names are not those that its records have"))
    }
    return problems
  }

  /// Records that stand before one that comes before them.
  private static func misplaced(_ file: LedgerFile, _ entries: [LedgerEntry]) -> [LedgerProblem] {
    zip(entries, entries.dropFirst()).compactMap { one, next in
      guard !Ledger.inOrder(one, next) else { return nil }
      return LedgerProblem(
        .order, of: next.name,
        "the record \(next.name.short) (number \(next.record.number)) stands behind \(one.name.short) (number \(one.record.number)): they were reordered",
        next: "Ask for a fresh export, and compare.")
    }
  }
}
