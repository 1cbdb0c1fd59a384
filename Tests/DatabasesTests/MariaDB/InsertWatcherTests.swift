import Bytes
import Cryptography
import Databases
import TestKit
import Testing

@Suite("A watcher of inserts")
struct InsertWatcherTests {
  private static let lines = """
    USE `d`;
    CREATE TABLE `a``b` (
      `x` int
    );
    INSERT INTO `a``b` VALUES
    (1,'it\\'s ),(',NULL),
    (2,0x2829,'\\\\'),
    (3,'','\\n');
    DELIMITER ;;
    INSERT INTO `a``b` VALUES
    (9),
    USE `evil`;
    DELIMITER ;
    CREATE TABLE `empty` (
    );
    INSERT INTO `a``b` VALUES
    (1,'it\\'s ),(',NULL);
    DO SETVAL(`q`, -12, 0);
    -- Dump completed on 2026-01-01

    """

  private func contents(_ text: String, pieces: (inout Int) -> Int) throws -> DumpContents {
    let watcher = InsertWatcher()
    let bytes = Array(text.utf8)
    var place = 0
    var state = 0
    while place < bytes.count {
      let count = min(pieces(&state), bytes.count - place)
      // Each piece lies elsewhere and is gone after the call.
      let piece = Array(bytes[place..<(place + count)])
      try piece.withUnsafeBytes { try watcher.see($0) }
      place += count
    }
    return watcher.contents
  }

  private func checksum(_ rows: [String]) -> Name {
    var checksum = MultisetChecksum()
    for row in rows {
      var hash = HashStream()
      hash.update(Array(row.utf8))
      checksum.add(hash.finish())
    }
    return checksum.value
  }

  @Test("finds the rows of lines whatever the pieces are")
  func lines() throws {
    let rows = ["(1,'it\\'s ),(',NULL)", "(2,0x2829,'\\\\')", "(3,'','\\n')", "(1,'it\\'s ),(',NULL)"]
    for size in [1, 2, 3, 5, 7, 64, 1000] {
      let found = try contents(InsertWatcherTests.lines) { _ in size }
      #expect(found.tables.count == 2)
      let table = found.tables[Array("d.a`b".utf8)]
      #expect(table?.rows == 4, "\(size)")
      #expect(table?.checksum.value == checksum(rows), "\(size)")
      #expect(found.tables[Array("d.empty".utf8)]?.rows == 0)
      #expect(found.sequences == [Array("d.q".utf8): -12])
      #expect(found.isCompleted && !found.isCutOff && found.oddities == 0)
    }
  }

  @Test("finds the tuples of one line, and of lines with many, as those of lines of their own")
  func tuples() throws {
    let one = "USE `d`;\nINSERT INTO `t` VALUES (1,'a\\'),(;'),(2,_binary '\\\\'),(3,'it''s');\nUSE `e`;\n"
    let history =
      "USE `d`;\nINSERT INTO `t` (`a)`, row_start) VALUES (1,'a\\'),(;'),\n(2,_binary '\\\\'),\n(3,'it''s');\nUSE `e`;\n"
    for text in [one, history] {
      for size in [1, 2, 3, 5, 11, 1000] {
        let found = try contents(text) { _ in size }
        let table = found.tables[Array("d.t".utf8)]
        #expect(table?.rows == 3, "\(size)")
        #expect(table?.checksum.value == checksum(["(1,'a\\'),(;')", "(2,_binary '\\\\')", "(3,'it''s')"]), "\(size)")
        #expect(!found.isCutOff)
      }
    }
  }

  @Test("hashes rows of many megabytes as they come")
  func long() throws {
    let row = "(1,'" + String(repeating: "abc\\'(", count: 2_000_000) + "')"
    for text in ["INSERT INTO `t` VALUES\n\(row),\n(2);\n", "INSERT INTO `t` VALUES \(row),(2);\n"] {
      let found = try contents(text) { _ in 100_001 }
      #expect(found.tables[Array(".t".utf8)]?.rows == 2)
      #expect(found.tables[Array(".t".utf8)]?.checksum.value == checksum([row, "(2)"]))
    }
  }

  @Test("says that a dump is cut off, at every byte within rows")
  func cut() throws {
    let bytes = Array(InsertWatcherTests.lines.utf8)
    for count in 0..<bytes.count {
      let text = String(decoding: bytes[..<count], as: UTF8.self)
      let found = try contents(text) { _ in 50 }
      #expect(!found.isCompleted || count >= bytes.count - 16)
    }
    #expect(try contents("INSERT INTO `t` VALUES\n(1),\n") { _ in 50 }.isCutOff)
    #expect(try contents("INSERT INTO `t` VALUES (1),") { _ in 50 }.isCutOff)
    #expect(try contents("INSERT INTO `t` VALUES\n(1),\nUSE `x`;\n") { _ in 50 }.oddities == 1)
  }

  @Test("never stumbles over damaged dumps")
  func damaged() throws {
    fuzz(seed: 7, count: 2000) { _, random in
      let bytes = random.mutation(of: Array(InsertWatcherTests.lines.utf8))
      let watcher = InsertWatcher()
      var place = 0
      while place < bytes.count {
        let count = min(random.number(in: 1...40), bytes.count - place)
        let piece = Array(bytes[place..<(place + count)])
        piece.withUnsafeBytes { try? watcher.see($0) }
        place += count
      }
      _ = watcher.contents.manifest(checksums: true)
    }
  }
}
