import Bytes
import Cryptography
import Databases
import Glibc
import Testing

@Suite("A truth manifest")
struct TruthManifestTests {
  private func hash(_ text: String) -> Name {
    var stream = HashStream()
    stream.update(Array(text.utf8))
    return stream.finish()
  }

  private var sample: TruthManifest {
    var tally = StreamTally()
    tally.add(name: Array("a".utf8), length: 5, digest: hash("a"))
    let names: [[UInt8]] = [Array("cafe\u{301}".utf8), Array("caf\u{e9}".utf8), [0xff, 0x00], Array("o'\"\n".utf8)]
    let tables = names.enumerated().map { index, name in
      TruthManifest.Table(name: name, rows: UInt64(index) << 60, checksum: hash("\(index)"))
    }
    let sequences = [
      TruthManifest.Sequence(name: [0xff], value: .min, isCalled: false),
      TruthManifest.Sequence(name: Array("s".utf8), value: 7, isCalled: true),
    ]
    return TruthManifest(
      engine: "sqlite", schema: hash("s"), tables: tables, sequences: sequences, streams: tally)
  }

  @Test("is the same after a way through JSON, odd names and large counts included")
  func roundTrip() throws {
    #expect(try TruthManifest(json: Array(sample.json.utf8)) == sample)
    #expect(try TruthManifest(json: Array(TruthManifest().json.utf8)) == TruthManifest())
    #expect(sample.json.contains(#""name-hex":"ff00""#))
    #expect(sample.tables.count == 4)
  }

  @Test("that is cut short or changed is refused or different, never the end of the process")
  func mangled() {
    let bytes = Array(sample.json.utf8)
    for count in 0..<bytes.count {
      #expect(throws: Failure.self) { try TruthManifest(json: Array(bytes.prefix(count))) }
    }
    for place in bytes.indices {
      var changed = bytes
      changed[place] ^= 0x15
      if let read = try? TruthManifest(json: changed) { #expect(read != sample, "byte \(place)") }
    }
  }

  @Test("of a later version or with a table twice is refused")
  func refused() {
    let later = Array(sample.json.utf8.map { $0 }).split(separator: UInt8(ascii: "1"), maxSplits: 1).joined(separator: [
      0x32
    ])
    #expect(throws: Failure(.unsupportedFormat, "the truth manifest has version 2", next: "Use a later lifeboat.")) {
      try TruthManifest(json: Array(later))
    }
    let zero = Name.zero.hex
    let twice =
      #"{"version":1,"engine":"","tables":[{"name":"a","rows":1,"checksum":"\#(zero)"},{"name-hex":"61","rows":1,"checksum":"\#(zero)"}]}"#
    #expect(throws: Failure.self) { try TruthManifest(json: Array(twice.utf8)) }
  }

  @Test("names every difference")
  func differences() {
    let other = TruthManifest(
      engine: "sqlite", schema: hash("t"),
      tables: [
        TruthManifest.Table(name: Array("a".utf8), rows: 2, checksum: hash("x")),
        TruthManifest.Table(name: Array("b".utf8), rows: 1, checksum: hash("b")),
        TruthManifest.Table(name: Array("d".utf8), rows: 1, checksum: hash("d")),
      ])
    let truth = TruthManifest(
      engine: "sqlite", schema: hash("s"),
      tables: [
        TruthManifest.Table(name: Array("a".utf8), rows: 3, checksum: hash("x")),
        TruthManifest.Table(name: Array("b".utf8), rows: 1, checksum: hash("c")),
        TruthManifest.Table(name: Array("c".utf8), rows: 1, checksum: hash("c")),
      ])
    #expect(
      truth.differences(from: other) == [
        "the schema differs", "table a has 2 rows, it had 3", "table b has other contents in its 1 rows",
        "table c is missing",
        "table d was not there",
      ])
    #expect(truth.differences(from: truth).isEmpty)
    #expect(sample.differences(from: sample).isEmpty)
    #expect(truth.differences(from: TruthManifest()).count == 5)
  }

  @Test("names every difference of sequences")
  func sequences() {
    func of(_ sequences: [(String, Int64, Bool)]) -> TruthManifest {
      TruthManifest(sequences: sequences.map { .init(name: Array($0.0.utf8), value: $0.1, isCalled: $0.2) })
    }
    let truth = of([("a", 1, true), ("b", -2, true), ("c", 3, true)])
    #expect(
      truth.differences(from: of([("d", 1, true), ("b", -2, false), ("a", 1, true)])) == [
        "sequence b stands at -2, not given out, it stood at -2", "sequence c is missing", "sequence d was not there",
      ])
    #expect(truth.differences(from: truth).isEmpty)
    let twice =
      #"{"version":1,"engine":"","tables":[],"sequences":[{"name":"a","value":1,"called":true},{"name":"a","value":2,"called":true}]}"#
    #expect(throws: Failure.self) { try TruthManifest(json: Array(twice.utf8)) }
  }

  @Test("tells names apart that Unicode holds for equal")
  func equivalence() {
    let left = TruthManifest(tables: [.init(name: Array("caf\u{e9}".utf8), rows: 1, checksum: hash("x"))])
    let right = TruthManifest(tables: [.init(name: Array("cafe\u{301}".utf8), rows: 1, checksum: hash("x"))])
    #expect(left.differences(from: right).count == 2)
  }

  @Test("sums hashes in any order to the same value, and counts equal ones")
  func multiset() {
    let hashes = (0..<50).map { hash("\($0)") }
    var forth = MultisetChecksum()
    var back = MultisetChecksum()
    for hash in hashes { forth.add(hash) }
    for hash in hashes.reversed() { back.add(hash) }
    #expect(forth == back)
    #expect(forth.value == back.value)
    back.add(hashes[0])
    #expect(forth != back && forth.value != back.value)
    var top = MultisetChecksum()
    top.add([UInt8](repeating: 0xff, count: 32).withUnsafeBytes { Name($0) })
    var one = [UInt8](repeating: 0, count: 32)
    one[0] = 1
    top.add(one.withUnsafeBytes { Name($0) })
    #expect(top.value == .zero)
    #expect(top.count == 2)
  }

  @Test("tallies streams in any order, and sees a changed name, length or content")
  func tally() {
    func of(_ parts: [(String, UInt64, String)]) -> StreamTally {
      var tally = StreamTally()
      for part in parts { tally.add(name: Array(part.0.utf8), length: part.1, digest: hash(part.2)) }
      return tally
    }
    let base = of([("a", 1, "x"), ("b", 2, "y")])
    #expect(base == of([("b", 2, "y"), ("a", 1, "x")]))
    #expect(base != of([("b", 1, "x"), ("a", 2, "y")]))
    #expect(base != of([("a", 2, "x"), ("b", 1, "y")]))
    #expect(base != of([("a", 1, "y"), ("b", 2, "x")]))
    #expect(base.count == 2 && base.bytes == 3)
    let truth = TruthManifest(streams: base)
    #expect(
      truth.differences(from: TruthManifest(streams: of([("a", 1, "x")]))) == [
        "the streams differ: 1 with 1 bytes, there were 2 with 3 bytes"
      ])
  }
}
