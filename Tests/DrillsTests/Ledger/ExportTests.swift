import Bytes
import Cryptography
import Drills
import Format
import Pipeline
import Repository
import TestKit
import Testing

@Suite("An exported ledger")
struct ExportTests {
  private let bench: LedgerBench
  private let names: [Name]
  private let file: LedgerFile

  init() throws {
    bench = try LedgerBench()
    let bench = bench
    names = try (0..<5).map { try bench.append(try bench.record(at: "2026-11-02T0\($0):00:00Z")) }
    file = try bench.export(signed: true)
  }

  private func verify(
    _ file: LedgerFile, root: String? = nil, _ noted: [NotedRecord] = []
  ) throws -> LedgerVerification {
    try LedgerExport.verify(try LedgerFile(bytes: file.bytes), root: root, noted: noted, now: WallClock.now())
  }

  private func changed(
    _ records: [LedgerFile.Item]? = nil, authority: [[UInt8]]? = nil, root: PublicKey? = nil, heads: [Name]? = nil,
    evidence: LedgerFile.Evidence? = nil
  ) -> LedgerFile {
    LedgerFile(
      repository: file.repository, root: root ?? file.root, exported: file.exported.value, tool: file.tool,
      authority: authority ?? file.authority.map(\.bytes), records: records ?? file.records,
      heads: heads ?? file.heads, evidence: evidence)
  }

  @Test("is verified with public keys alone, and says the same each time")
  func whole() throws {
    let found = try verify(file, root: file.root.hex, [NotedRecord(names[1], .given)])
    #expect(found.found == [] && found.heads == [names[4]] && found.entries.map(\.name) == names)
    #expect(try verify(file, root: String(file.root.hex.prefix(16))).found == [])
    #expect(file.bytes == (try bench.export(now: file.exported.value, signed: true)).bytes)
    #expect(file.evidence?.isSigned == true)
    #expect(file.evidence?.restorer == bench.keys.restorer.signing.publicKey)
  }

  @Test("names the record in which one byte was changed, wherever that is, and counts the others")
  func editedByte() throws {
    let bytes = try #require(file.records[2].bytes)
    for offset in bytes.indices {
      var edited = bytes
      edited[offset] ^= 1
      var records = file.records
      records[2] = LedgerFile.Item(record: names[2], signer: bench.keys.restorer.signing.publicKey, envelope: edited)
      let found = try verify(changed(records))
      #expect(found.isBroken && found.entries.count == 4)
      #expect(found.problems.allSatisfy { $0.record == names[2] }, "byte \(offset): \(found.found)")
    }
  }

  @Test("names two records that were reordered, whichever they are")
  func reordered() throws {
    for (one, other) in [(0, 1), (1, 3), (0, 4)] {
      var records = file.records
      records.swapAt(one, other)
      let found = try verify(changed(records))
      #expect(found.isBroken && found.found.contains(names[one].problem(.order)), "\(found.found)")
      #expect(found.problems.allSatisfy { $0.kind == .order && $0.what.contains("reordered") })
    }
  }

  @Test("names records whose contents changed places under their ids")
  func exchanged() throws {
    let key = bench.keys.restorer.signing.publicKey
    var records = file.records
    records[1] = LedgerFile.Item(record: names[1], signer: key, envelope: try #require(file.records[2].bytes))
    records[2] = LedgerFile.Item(record: names[2], signer: key, envelope: try #require(file.records[1].bytes))
    let found = try verify(changed(records))
    #expect(found.isBroken && Set([names[1], names[2]]).isSubset(of: Set(found.problems.compactMap(\.record))))
  }

  @Test("names a record that was taken out, the newest one too")
  func deleted() throws {
    for index in names.indices {
      var records = file.records
      records.remove(at: index)
      let found = try verify(changed(records))
      #expect(found.isBroken && found.problems.contains { $0.kind == .missing && $0.record == names[index] })
    }
    // Who takes the newest out and puts the heads right is seen only by an id that was noted.
    let cut = changed(Array(file.records.dropLast()), heads: [names[3]])
    #expect(try verify(cut).found == [])
    #expect(try verify(cut, [NotedRecord(names[4], .given)]).found == [names[4].problem(.missing)])
    #expect(try verify(changed(heads: [names[3]])).found == ["export -"])
  }

  @Test("names a record that stands there twice, and one of a stranger")
  func foreign() throws {
    #expect(try verify(changed(file.records + [file.records[4]])).found == [names[4].problem(.duplicate)])
    let stranger = SigningKey()
    let header = try bench.access().repository.header(.record, writer: .zero)
    let envelope = Envelope.seal(header, body: try bench.record().body, by: stranger)
    let name = ObjectDigest.name(of: envelope)
    let item = LedgerFile.Item(record: name, signer: stranger.publicKey, envelope: envelope)
    #expect(try verify(changed(file.records + [item])).found == [name.problem(.signer)])
    var records = file.records
    records[0] = LedgerFile.Item(
      record: names[0], signer: stranger.publicKey, envelope: try #require(records[0].bytes))
    #expect(try verify(changed(records)).found == [names[0].problem(.signer)])
  }

  @Test("means nothing under another root, or with an authority that is broken")
  func authority() throws {
    let other = String(SigningKey().publicKey.hex)
    for root in [other, String(file.root.hex.prefix(15)), ""] {
      #expect(#expect(throws: Failure.self) { try verify(file, root: root) }?.code == .keyUntrusted)
    }
    #expect(throws: Failure.self) { try verify(changed(root: SigningKey().publicKey)) }
    #expect(throws: Failure.self) { try verify(changed(authority: [])) }
    var broken = file.authority[0].bytes
    broken[100] ^= 1
    #expect(throws: Failure.self) { try verify(changed(authority: [broken])) }
    #expect(throws: Failure.self) {
      try verify(changed(authority: file.authority.map(\.bytes) + [file.authority[0].bytes]))
    }
  }

  @Test("states a minisign key only under the signature of a restorer")
  func evidence() throws {
    let stranger = LedgerFile.Evidence(SigningKey())
    #expect(stranger.isSigned)
    #expect(try verify(changed(evidence: stranger)).found == ["export -"])
    #expect(try verify(changed(evidence: LedgerFile.Evidence(bench.keys.restorer.signing))).found == [])
  }

  @Test("lets no record through that was changed, whatever else is done to the file")
  func fuzzed() throws {
    let original = Set(try bench.verify().entries.map(\.envelope))
    fuzz(seed: 11, count: 400) { _, random in
      let bytes = random.mutation(of: file.bytes)
      guard let mutated = try? LedgerFile(bytes: bytes),
        let found = try? LedgerExport.verify(mutated, root: file.root.hex, now: WallClock.now())
      else { return }
      #expect(found.entries.allSatisfy { original.contains($0.envelope) })
      if found.entries.count < names.count { #expect(found.isBroken) }
    }
  }

  @Test("is not read where it is no export, or of a later version")
  func strange() throws {
    for text in ["", "{}", "[]", #"{"lifeboat":"keeper"}"#] {
      #expect(#expect(throws: Failure.self) { try LedgerFile(bytes: Array(text.utf8)) }?.code == .damaged)
    }
    let text = String(decoding: file.bytes, as: UTF8.self)
    let later = text.split(separator: "\n").map { $0.contains("\"format\"") ? "  \"format\" : 2," : String($0) }
    let thrown = #expect(throws: Failure.self) {
      try LedgerFile(bytes: Array(later.joined(separator: "\n").utf8))
    }
    #expect(thrown?.code == .unsupportedFormat)
  }
}
