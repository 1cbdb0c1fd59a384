import Bytes
import Cryptography
import Databases
import TestKit
import Testing

@Suite struct CopyWatcherTests {
  static let head = "--\n-- PostgreSQL database dump\n--\n\n\\restrict abc\n\nSET client_encoding = 'UTF8';\n\n"
  static let tail = "--\n-- PostgreSQL database dump complete\n--\n\n\\unrestrict abc\n\n"

  static func contents(_ text: [UInt8], pieces: [Int] = [], isHashing: Bool = true) throws -> CopyContents {
    let watcher = CopyWatcher(isHashing: isHashing)
    var start = 0
    try text.withUnsafeBytes { bytes in
      for piece in pieces + [bytes.count] where start < bytes.count {
        let end = min(bytes.count, start + piece)
        try watcher.see(UnsafeRawBufferPointer(rebasing: bytes[start..<end]))
        start = end
      }
    }
    return watcher.finish()
  }

  static func truth(_ contents: CopyContents) -> TruthManifest { CopyContents.truth(of: [contents], database: "d") }

  static func checksum(_ rows: [[UInt8]]) -> Name {
    var sum = MultisetChecksum()
    for row in rows {
      var stream = HashStream()
      stream.update(row)
      sum.add(stream.finish())
    }
    return sum.value
  }

  @Test("rows are counted and hashed as BLAKE2b of their lines, in whatever order they come")
  func rows() throws {
    let text = "\(Self.head)COPY public.a (id, t) FROM stdin;\n1\tone\n2\t\\\\.\n\n3\t\\N\n\\.\n\n\(Self.tail)"
    let contents = try Self.contents(Array(text.utf8))
    #expect(contents.isComplete)
    #expect(contents.problems == [])
    let table = try #require(Self.truth(contents).tables.first)
    #expect(table.name == Array("d.public.a".utf8))
    #expect(table.rows == 4)
    #expect(table.checksum == Self.checksum(["3\t\\N", "", "2\t\\\\.", "1\tone"].map { Array($0.utf8) }))
  }

  @Test("without hashing rows are counted and the checksum is zero")
  func counting() throws {
    let text = "COPY public.a (t) FROM stdin;\na\nbb\n\\.\nCOPY public.b  FROM stdin;\n\n\n\n\\.\n"
    for piece in 1...20 {
      let contents = try Self.contents(
        Array(text.utf8), pieces: [Int](repeating: piece, count: 200), isHashing: false)
      #expect(contents.tables.map(\.rows) == [2, 3])
      #expect(Self.truth(contents).tables.allSatisfy { $0.checksum == .zero })
    }
  }

  @Test("names, sequences and large objects are read, quotation marks, line ends and all")
  func names() throws {
    let text = """
      \(Self.head)COPY "we ird/na.me"."a ""quoted"" FROM stdin;
      COPY 'x'" ("b (c", d) FROM stdin;
      row
      \\.
      SELECT pg_catalog.setval('public.plain_seq', 42, true);
      SELECT pg_catalog.setval('"O''Hara; -- "."s
      t"', -9223372036854775808, false);
      SELECT pg_catalog.setval(E'public."back\\\\slash"', 7, true);
      BEGIN;
      SELECT pg_catalog.lo_open('16400', 131072);
      SELECT pg_catalog.lowrite(0, '\\x00ff');
      SELECT pg_catalog.lowrite(0, '\\x01');
      SELECT pg_catalog.lo_close(0);
      SELECT pg_catalog.lo_open('16401', 131072);
      SELECT pg_catalog.lo_close(0);
      COMMIT;
      COMMENT ON LARGE OBJECT 16400 IS 'first
      COPY public.not_a_table FROM stdin;
      ';
      \(Self.tail)
      """
    for piece in 1...40 {
      let contents = try Self.contents(Array(text.utf8), pieces: [Int](repeating: piece, count: 5000))
      #expect(contents.problems == [])
      #expect(contents.tables.map(\.rows) == [1, 2])
      #expect(contents.tables[0].schema == Array("we ird/na.me".utf8))
      #expect(contents.tables[0].name == Array("a \"quoted\" FROM stdin;\nCOPY 'x'".utf8))
      #expect(
        contents.sequences == [
          PostgreSQLFacts.Sequence(
            schema: Array("public".utf8), name: Array("plain_seq".utf8), value: 42, isCalled: true),
          PostgreSQLFacts.Sequence(
            schema: Array("O'Hara; -- ".utf8), name: Array("s\nt".utf8), value: .min, isCalled: false),
          PostgreSQLFacts.Sequence(
            schema: Array("public".utf8), name: Array("back\\slash".utf8), value: 7, isCalled: true),
        ])
      #expect(contents.isComplete)
      #expect(Self.truth(contents) == Self.truth(try Self.contents(Array(text.utf8))))
    }
  }

  @Test("a break at any byte changes nothing; an end at any byte before the marker is no complete dump")
  func breaks() throws {
    let text = Array(
      "\(Self.head)COPY public.\"a\"\"b\" (id) FROM stdin;\n\\\\.\n\\.\n\nCOPY x.y (a) FROM stdin;\n1\n22\n\\.\n\(Self.tail)"
        .utf8)
    let whole = Self.truth(try Self.contents(text))
    #expect(whole.tables.map(\.rows) == [1, 2])
    for cut in 0...text.count {
      #expect(Self.truth(try Self.contents(text, pieces: [cut])) == whole)
      let part = try Self.contents(Array(text[..<cut]))
      if cut < text.count - Self.tail.utf8.count + 40 { #expect(!part.isComplete) }
    }
    let open = try Self.contents(Array("COPY a.b (c) FROM stdin;\n1\n2".utf8))
    #expect(open.problems == ["the stream breaks off in table a.b"])
  }

  @Test("rows of any length in pieces of any size have the checksum of the plain definition")
  func lengths() throws {
    try fuzz(seed: 61, count: 60) { round, random in
      var rows: [[UInt8]] = []
      var text = Array("COPY s.t (c) FROM stdin;\n".utf8)
      for _ in 0..<random.number(in: 0...700) {
        let longest = [3, 130, 3000][random.number(in: 0...2)]
        var row = random.bytes(random.number(in: 0...longest)).map { $0 == 10 ? 11 : $0 }
        if row == Array("\\.".utf8) { row = [] }
        rows.append(row)
        text += row + [10]
      }
      if round % 20 == 0 {
        let row = [UInt8](repeating: 0x78, count: 3_000_000)
        rows.append(row)
        text += row + [10]
      }
      text += Array("\\.\n".utf8)
      let largest = [7, 4096, 100_000][random.number(in: 0...2)]
      let pieces = (0..<(text.count * 4 / largest + 10)).map { _ in random.number(in: 1...largest) }
      let table = try #require(Self.truth(try Self.contents(text, pieces: pieces)).tables.first)
      #expect(table.rows == UInt64(rows.count))
      #expect(table.checksum == Self.checksum(rows))
    }
  }

  @Test("nonsense is never taken for a complete dump without problems of another content")
  func nonsense() throws {
    let text = Array(
      "\(Self.head)COPY public.a (id) FROM stdin;\n1\n2\n\\.\nSELECT pg_catalog.setval('a.b', 1, true);\n\(Self.tail)"
        .utf8)
    fuzz(seed: 62, count: 3000) { _, random in
      _ = try? Self.contents(random.mutation(of: text), pieces: [random.number(in: 1...200)])
    }
    let bad = try Self.contents(Array("COPY nonsense FROM stdin;\nSELECT pg_catalog.setval(x);\n".utf8))
    #expect(bad.problems.count == 2)
  }
}
