import Bytes
import Databases
import TestKit
import Testing

@Suite struct PostgreSQLFactsTests {
  private static let sample = PostgreSQLFacts(
    server: .init(
      version: PostgreSQLVersion(number: 150_020), versionText: "15.20 (x)", systemIdentifier: "7710649609405721929",
      isStandby: true, lagMilliseconds: 12_345),
    tool: PostgreSQLVersion(number: 170_001),
    database: .init(
      name: "caf\u{e9}", oid: .max, encoding: "LATIN1", localeProvider: "icu", locale: "de-DE", owner: [0xff],
      tablespace: [0x70], size: .max),
    extensions: [.init(name: [0x61], version: [0x31], schema: [0xe9])], roles: [[0x62], [0xfe, 0x22]],
    tables: [
      .init(schema: [0x73], name: [0x74], rows: 1 << 60, bytes: 7, stream: [0x75], tablespace: [0x76]),
      .init(schema: [0x73], name: [0x75], kind: .partitioned), .init(schema: [0x73], name: [0x76], kind: .foreign),
      .init(schema: [0x73], name: [0x77], kind: .materializedView),
    ], sequences: [.init(schema: [0x73], name: [0xe4], value: .min, isCalled: false)], largeObjects: 3, taken: 1 << 62,
    heldMilliseconds: 4, losses: ["a \"loss\""])

  @Test("facts are the same after a way through JSON, with names in any encoding")
  func roundTrip() throws {
    #expect(try PostgreSQLFacts(json: Array(Self.sample.json.utf8)) == Self.sample)
    var plain = Self.sample
    plain.server.lagMilliseconds = nil
    plain.database.locale = nil
    #expect(try PostgreSQLFacts(json: Array(plain.json.utf8)) == plain)
  }

  @Test("facts that are cut short or changed are refused or different, never the end of the process")
  func mangled() {
    let bytes = Array(Self.sample.json.utf8)
    for count in bytes.indices {
      #expect(throws: Failure.self) { try PostgreSQLFacts(json: Array(bytes.prefix(count))) }
    }
    fuzz(seed: 71, count: 2000) { _, random in _ = try? PostgreSQLFacts(json: random.mutation(of: bytes)) }
    let later = String(decoding: bytes, as: UTF8.self).replacing("{\"version\":1", with: "{\"version\":2")
    #expect(throws: Failure.self) { try PostgreSQLFacts(json: Array(later.utf8)) }
  }

  @Test("names of databases as parts of paths come back, and no path can leave its folder")
  func percent() throws {
    let odd = [".", "..", "...", "a/b", "%2F", "100%", "\u{1}\n\u{7f}", "e\u{301}", "\u{e9}", " ", "a.b", "%%", "/"]
    for name in odd {
      let encoded = PercentName.encode(name)
      #expect(!encoded.contains("/") && encoded != "." && encoded != ".." && !encoded.utf8.contains { $0 < 0x20 })
      #expect(PercentName.decode(encoded).map { Array($0.utf8) } == Array(name.utf8))
    }
    #expect(Set(odd.map { Array(PercentName.encode($0).utf8) }).count == odd.count)
    for wrong in ["%", "%2", "%2f", "%zz", "%41", "a/b", "%FF", "..", "%00x\u{1}"] {
      #expect(PercentName.decode(wrong) == nil, "\(wrong)")
    }
  }
}
