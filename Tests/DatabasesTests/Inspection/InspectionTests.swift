import Bytes
import Databases
import TestKit
import Testing

@Suite("What is read of a restored server")
struct InspectionTests {
  private func text(_ query: String, _ dialect: ReadingStatement.Dialect) -> String? {
    try? ReadingStatement(query, dialect).text
  }

  @Test("statements are taken as they are, without the semicolon at their end")
  func statements() {
    for query in [
      "SELECT 1", " \n select 'a;b' ", "(SELECT 1)", "WITH x AS (SELECT 1) SELECT * FROM x", "SHOW x", "VALUES (1)",
      "SELECT ';' /* ; */ -- ;", "SELECT \"a;b\"",
    ] {
      #expect(text(query, .postgresql) == query && text(query, .mariadb) == query, "\(query)")
      #expect(text(query + "\n; ", .postgresql) == query + "\n", "\(query)")
    }
    #expect(text("SELECT $$;$$, $a$ $$ ; $a$, $1", .postgresql) != nil)
    #expect(text("SELECT $$;$$", .mariadb) == nil)
    #expect(text("SELECT `;`", .mariadb) != nil && text("SELECT `;`", .postgresql) == nil)
    #expect(text("SELECT 'a\\';' ", .mariadb) != nil && text("SELECT 'a\\';' ", .postgresql) == nil)
    #expect(text("SELECT E'a\\';' ", .postgresql) != nil)
    #expect(text("SELECT 1 /* /* */ ; */", .postgresql) != nil && text("SELECT 1 /* /* */ ; */", .mariadb) == nil)
    #expect(text("SELECT 1 # ;", .mariadb) != nil && text("SELECT 1 # ;", .postgresql) == "SELECT 1 # ")
    #expect(text("SELECT 1 --1", .mariadb) != nil && text("SELECT 1 /*! + 1 */", .mariadb) == nil)
    #expect(text("SELECT 1; ; SELECT 2", .postgresql) == nil && text("DELETE FROM x", .postgresql) == nil)
  }

  @Test("no text makes the walk over a statement end otherwise, and what passes is one statement")
  func fuzzedStatements() {
    let pieces = [
      "SELECT ", "'", "\"", "`", "$$", "$a$", "\\", ";", "--", "/*", "*/", "\n", "x", "E'", "#", " ", "/*!", "ä",
      "\u{0}",
      "DELETE",
    ]
    fuzz(seed: 11, count: 3_000) { _, random in
      let query = (0...random.number(in: 0...12)).map { _ in pieces[random.number(in: 0...(pieces.count - 1))] }
        .joined()
      for dialect in [ReadingStatement.Dialect.postgresql, .mariadb] {
        guard let found = text(query, dialect) else { continue }
        #expect(query.hasPrefix(found) && !found.utf8.contains(0))
        // Asked again it is the same: nothing was cut off that mattered.
        #expect(text(found, dialect) == found)
      }
    }
  }

  @Test("answers of redis-cli are values, lists of values, or errors")
  func redisAnswers() throws {
    func values(_ text: String) throws -> [String] { try RedisAnswer.values(text) }
    #expect(try values("\"a\\x00\\\"\\\\\\n\\t\\r\"") == ["a\0\"\\\n\t\r"])
    #expect(try values("(integer) -7") == ["-7"])
    #expect(try values("(nil)") == [""])
    #expect(try values("(empty array)") == [])
    #expect(try values("1) \"a\"\n2) (nil)") == ["a", ""])
    let ten = (1...10).map { "\($0 < 10 ? " " : "")\($0)) \"v\($0)\"" }.joined(separator: "\n")
    #expect(try values(ten).count == 10)
    for odd in [
      "(error) ERR no", "1) 1) \"a\"", "\"open", "", "\"a\"\n\"b\"", "1) \"a\"\n3) \"b\"", "\"\\x0\"", "1) \"a\"\nx",
    ] {
      #expect(throws: Failure.self, "\(odd)") { try values(odd) }
    }
  }

  @Test("answers as XML are values, whatever they hold")
  func xmlAnswers() {
    func values(_ text: String) -> [String]? { XMLAnswer.values(Array(text.utf8)) }
    let row = "<?xml version=\"1.0\"?>\n<resultset statement=\"SELECT 1\"><row>\n"
    #expect(values(row + "<field name=\"a\">x &lt;&gt;&amp;&quot;\n</field>\n</row></resultset>") == ["x <>&\"\n"])
    #expect(values(row + "<field name=\"a\" xsi:nil=\"true\" />\n<field name=\"b\">1</field>") == ["", "1"])
    #expect(values("") == [] && values(row) == [])
    #expect(values("<field name=\"a\">open") == nil && values("<field name=\"a\">&huh;</field>") == nil)
    #expect(values("<field name=\"a") == nil && values("<field name=\"a\"/>") == nil)
  }

  @Test("reports of mariadb-check tell tables that are good from those that are not")
  func checkReports() {
    let report = CheckReport(
      """
      shop.a                                             OK
      shop.b
      note     : The storage engine for the table doesn't support check
      shop.c
      warning  : Size of datafile is: 1       Should be: 2
      error    : Corrupt
      shop.d
      note     : Table is already up to date
      status   : OK

      """)
    #expect(report.sound == 2 && report.unchecked == ["shop.b"])
    #expect(report.findings == ["shop.c: Size of datafile is: 1       Should be: 2", "shop.c: Corrupt"])
  }
}
