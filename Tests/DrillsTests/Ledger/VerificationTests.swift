import Bytes
import Cryptography
import Drills
import Format
import Glibc
import Pipeline
import Repository
import Store
import TestKit
import Testing

@Suite("Verifying the ledger of a repository")
struct VerificationTests {
  private func ledger(_ count: Int = 4) throws -> (bench: LedgerBench, names: [Name]) {
    let bench = try LedgerBench()
    let names = try (0..<count).map { try bench.append(try bench.record(at: "2026-11-02T0\($0):00:00Z")) }
    return (bench, names)
  }

  @Test("needs no restorer's key, and finds nothing wrong with what drills wrote, forks and joins included")
  func whole() throws {
    let bench = try LedgerBench()
    #expect(try bench.verify().problems == [])
    let first = try bench.append(try bench.record())
    let fork = [try bench.record("one"), try bench.record("two")]
    let names = try fork.map { try bench.append($0) }
    let forked = try bench.verify()
    #expect(forked.found == [] && forked.heads == names.sorted())
    let joined = try bench.append(try bench.record())
    let whole = try bench.verify([NotedRecord(first, .given), NotedRecord(given: String(names[0].hex.prefix(12)))])
    #expect(whole.found == [] && whole.heads == [joined] && !whole.isBroken && !whole.hasGaps)
    #expect(whole.noted.map(\.entry.name) == [first, names[0]])
    #expect(whole.signers.map(\.key) == [bench.keys.restorer.signing.publicKey] && whole.signers[0].records == 4)
  }

  @Test("names the record in which one byte was changed, wherever that is")
  func editedByte() throws {
    let (bench, names) = try ledger()
    let path = bench.file(of: names[1])
    let bytes = try Files.read(path)
    for offset in stride(from: 0, to: bytes.count, by: 97) {
      var edited = bytes
      edited[offset] ^= 1
      unlink(path)
      try Files.write(path, edited)
      let found = try bench.verify()
      #expect(found.isBroken && found.found == [names[1].problem(.damaged)], "byte \(offset): \(found.found)")
    }
    unlink(path)
    try Files.write(path, bytes)
    #expect(try bench.verify().found == [])
  }

  @Test("names the record that was deleted, and what follows it")
  func deleted() throws {
    let (bench, names) = try ledger()
    unlink(bench.file(of: names[2]))
    let found = try bench.verify()
    #expect(found.isBroken && found.found == [names[2].problem(.missing)])
    #expect(found.problems[0].what.contains(names[3].hex.prefix(12)))
  }

  @Test("names both records whose objects changed places")
  func swapped() throws {
    let (bench, names) = try ledger()
    #expect(rename(bench.file(of: names[1]), bench.folder.path("aside")) == 0)
    #expect(rename(bench.file(of: names[2]), bench.file(of: names[1])) == 0)
    #expect(rename(bench.folder.path("aside"), bench.file(of: names[2])) == 0)
    #expect(try bench.verify().found == [names[1].problem(.damaged), names[2].problem(.damaged)].sorted())
  }

  @Test("cannot see that the end was cut off, but for an id that was noted, or what this host saw before")
  func tail() throws {
    let (bench, names) = try ledger()
    let state = bench.folder.path("state")
    #expect(try bench.verify(state: state).found == [])
    unlink(bench.file(of: names[3]))
    #expect(try bench.verify().found == [])
    let noted = try bench.verify([NotedRecord(names[3], .given)])
    #expect(noted.isBroken && noted.found == [names[3].problem(.missing)])
    #expect(try bench.verify([NotedRecord(given: String(names[3].hex.prefix(16)))]).isBroken)
    for _ in 0..<2 { #expect(try bench.verify(state: state).found == [names[3].problem(.missing)]) }
    #expect(try bench.verify([NotedRecord(names[2], .given)]).found == [])
  }

  @Test("takes no id that could mean anything", arguments: ["", "abc", "0123456789A", "0123456789AB", "x123456789ab"])
  func badIds(text: String) {
    #expect(#expect(throws: Failure.self) { try NotedRecord(given: text) }?.code == .usage)
  }

  @Test("names a record whose signer is no restorer")
  func stranger() throws {
    let (bench, _) = try ledger(1)
    let access = try bench.access()
    let header = access.repository.header(.record, writer: .zero)
    for key in [SigningKey(), bench.keys.keeper.signing, bench.keys.writer.signing] {
      let name = try bench.plant(Envelope.seal(header, body: try bench.record().body, by: key))
      let found = try bench.verify()
      #expect(found.isBroken && found.found == [name.problem(.signer)])
      #expect(found.problems[0].what.contains(key.publicKey.fingerprint))
      unlink(bench.file(of: name))
    }
  }

  @Test("names a record that says something else of its parents than they say")
  func links() throws {
    let (bench, names) = try ledger(2)
    let wrong = try bench.append(
      try bench.record { $0.particulars?.parentBodies = [ObjectDigest.name(of: Array("other".utf8))] })
    let found = try bench.verify()
    #expect(found.found == [names[1].problem(.link)] && found.problems[0].what.contains(wrong.hex.prefix(12)))
    // A parent that did not open when the record was signed has no digest, and none is compared.
    let (other, _) = try ledger(2)
    try other.append(try other.record { $0.particulars?.parentBodies = [.zero] })
    #expect(try other.verify().found == [])
    let short = try other.append(try other.record { $0.particulars?.parentBodies = [] })
    let unequal = try other.verify()
    #expect(unequal.found == [short.problem(.damaged)], "\(unequal.problems)")
  }

  @Test(
    "names a record whose number does not follow its parents'", arguments: [1, 2, 4, 9] as [UInt64])
  func numbers(number: UInt64) throws {
    let (bench, _) = try ledger(2)
    let name = try bench.append(try bench.record { $0.number = number })
    #expect(try bench.verify().found == [name.problem(.number)])
  }

  @Test("names signed bytes that were put there a second time")
  func duplicates() throws {
    let (bench, names) = try ledger(2)
    let entry = try #require(try Ledger.load(try bench.access()).entries.last)
    let copy = try bench.plant(entry.envelope)
    let found = try bench.verify()
    #expect(found.isBroken && found.found == [max(copy, names[1]).problem(.duplicate)])
  }

  @Test("warns of times that can't be, which break nothing")
  func times() throws {
    let (bench, names) = try ledger(1)
    let minute = 60 * LedgerBench.second
    let start = try LedgerBench.time("2026-11-03T03:00:00Z")
    func word(_ record: Record, signedAt time: UInt64?, _ now: String = "2026-12-01T00:00:00Z") throws -> String {
      let name = try bench.append(record, signedAt: time)
      defer { unlink(bench.file(of: name)) }
      let found = try bench.verify(now: now)
      #expect(!found.isBroken && found.problems.allSatisfy { $0.kind == .time && $0.severity == .warning })
      return found.problems.first { $0.record == name }?.what ?? ""
    }
    let record = try bench.record(at: "2026-11-03T03:00:00Z")
    #expect(try word(record, signedAt: nil) == "")
    // Clocks may differ by minutes.
    #expect(try word(record, signedAt: start - 4 * minute) == "")
    #expect(try word(record, signedAt: start - 6 * minute).contains("after it was signed at 2026-11-03T02:54:00Z"))
    #expect(try word(record, signedAt: nil, "2026-11-03T02:00:00Z").contains("signed in the future"))
    #expect(try word(try bench.record(at: "2199-01-01T00:00:00Z"), signedAt: nil).contains("future, at 2199-01-01"))
    let long = try bench.record(at: "2026-11-03T03:00:00Z", seconds: 3_600)
    #expect(try word(long, signedAt: start + 10 * minute).contains("more time than went by"))
    let early = try bench.record(at: "2026-11-01T03:00:00Z")
    #expect(try word(early, signedAt: nil).contains("before the one that it follows, \(names[0].hex.prefix(12))"))
  }

  @Test("reads records of before there were digests of parents")
  func older() throws {
    let bench = try LedgerBench()
    for _ in 0..<3 { try bench.append(try bench.record { $0.particulars = nil }) }
    try bench.append(try bench.record())
    #expect(try bench.verify().found == [])
  }
}
