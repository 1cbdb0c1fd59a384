import Bytes

/// A table with the columns that hold its data.
struct TableColumns: Equatable {
  var name: [UInt8]
  var columns: [[UInt8]]

  /// Lists all tables that hold rows, a column a line: shadow tables of virtual tables, `sqlite_sequence` and generated
  /// columns included; virtual tables, the schema, statistics and hidden columns left out. Names come in hexadecimal,
  /// for they may hold anything.
  static let query = """
    SELECT hex(l.name)||' '||hex(x.name) FROM pragma_table_list AS l, pragma_table_xinfo(l.name, l.schema) AS x
    WHERE l.schema = 'main' AND l.type IN ('table', 'shadow') AND x.hidden <> 1
    AND (l.name NOT LIKE 'sqlite\\_%' ESCAPE '\\' OR l.name = 'sqlite_sequence')
    ORDER BY CAST(l.name AS BLOB), x.cid;

    """

  /// Reads what `query` printed.
  static func parse(_ lines: [[UInt8]]) throws(Failure) -> [TableColumns] {
    var tables: [TableColumns] = []
    for line in lines {
      let words = String(decoding: line, as: UTF8.self).lowercased().split(
        separator: " ", omittingEmptySubsequences: false)
      guard words.count == 2, let table = Hex.decode(String(words[0])), let column = Hex.decode(String(words[1])) else {
        throw Failure(.sourceFailed, "sqlite3 printed an odd list of columns")
      }
      if tables.last?.name == table {
        tables[tables.count - 1].columns.append(column)
      } else {
        tables.append(TableColumns(name: table, columns: [column]))
      }
    }
    return tables
  }

  /// A statement that prints every row as one line of canonical text: the columns in order, with commas between.
  ///
  /// A text or blob is a letter and its bytes in hexadecimal, a real is `R` and its eight bytes (printed digits differ
  /// between versions of SQLite), an integer its digits, NULL the word. So no line can hold a line end or be taken for
  /// another row. Columns are joined in groups, for SQLite allows expressions only 1000 deep.
  var rowStatement: [UInt8] {
    var groups: [[UInt8]] = []
    for start in stride(from: 0, to: columns.count, by: 40) {
      let group = columns[start..<min(start + 40, columns.count)].map { TableColumns.text(of: $0) }
      groups.append(Array("(".utf8) + Array(group.joined(separator: Array("||','||".utf8))) + Array(")".utf8))
    }
    let row = Array(groups.joined(separator: Array("||','||\n".utf8)))
    return Array("SELECT ".utf8) + row + Array("\nFROM main.".utf8) + SQLiteCommand.quote(name) + Array(";\n".utf8)
  }

  private static func text(of column: [UInt8]) -> [UInt8] {
    let name = SQLiteCommand.quote(column)
    let pieces = [
      "CASE typeof(", ") WHEN 'integer' THEN ", " WHEN 'text' THEN 'T'||hex(CAST(",
      " AS BLOB)) WHEN 'blob' THEN 'B'||hex(",
      ") WHEN 'real' THEN 'R'||hex(ieee754_to_blob(", ")) ELSE 'NULL' END\n",
    ]
    return Array(pieces.map { Array($0.utf8) }.joined(separator: name))
  }

  /// A statement that prints every definition of the schema as a row; page numbers are no part of it.
  static let schemaStatement = Array(
    """
    SELECT hex(type)||','||hex(CAST(name AS BLOB))||','||hex(CAST(tbl_name AS BLOB))||','||
    CASE WHEN sql IS NULL THEN 'NULL' ELSE 'T'||hex(CAST(sql AS BLOB)) END FROM main.sqlite_schema
    WHERE name NOT LIKE 'sqlite\\_stat%' ESCAPE '\\';

    """.utf8)
}
