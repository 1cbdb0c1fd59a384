/// How the data of a database is cut into streams: big tables alone, so that they are dumped and loaded side by side,
/// everything else together. It depends on nothing but sizes and names, so that a stream is mostly the same from day to
/// day.
struct PostgreSQLStreamPlan {
  struct Stream: Equatable {
    /// `data-0001.sql`.
    let name: String
    /// The one table; nil for everything else.
    let table: CopyStatement.QualifiedName?
    /// About how large it will be.
    let bytes: UInt64
  }

  /// No table below this is worth a session of its own.
  static let smallest: UInt64 = 32 << 20
  private static let most = 16

  /// The stream of everything else first, then the big tables by their names.
  let streams: [Stream]

  init(_ tables: [PostgreSQLFacts.Table], encoding: String, smallest: UInt64 = smallest) {
    let tables = tables.filter { $0.kind == .table }
    let total = tables.reduce(0) { $0 + $1.bytes }
    let threshold = max(smallest, total / 8)
    let big = tables.filter { $0.bytes >= threshold && PostgreSQLStreamPlan.canBeNamed($0, encoding) }
      .sorted { $0.bytes > $1.bytes }.prefix(PostgreSQLStreamPlan.most)
      .map { (CopyStatement.QualifiedName(schema: $0.schema, name: $0.name), $0.bytes) }
      .sorted {
        $0.0.schema == $1.0.schema
          ? $0.0.name.lexicographicallyPrecedes($1.0.name) : $0.0.schema.lexicographicallyPrecedes($1.0.schema)
      }
    let rest = Stream(
      name: PostgreSQLStreamPlan.name(1), table: nil, bytes: total - big.reduce(0) { $0 + $1.1 })
    streams =
      [rest] + big.enumerated().map { Stream(name: PostgreSQLStreamPlan.name($0 + 2), table: $1.0, bytes: $1.1) }
  }

  /// The largest first: what is started last should end soon.
  var bySize: [Stream] { streams.sorted { ($1.bytes, $0.name) < ($0.bytes, $1.name) } }

  /// Arguments of `pg_dump` for a stream.
  func arguments(_ stream: Stream) -> [String] {
    if let table = stream.table { return ["-t", PostgreSQLStreamPlan.pattern(table)] }
    return streams.compactMap(\.table).flatMap { ["-T", PostgreSQLStreamPlan.pattern($0)] }
  }

  /// The stream that a table's rows are in.
  func stream(of table: PostgreSQLFacts.Table) -> Stream {
    let name = CopyStatement.QualifiedName(schema: table.schema, name: table.name)
    return streams.first { $0.table == name } ?? streams[0]
  }

  /// Whether a command line can name it: arguments are UTF-8 here, and over there they are in the database's encoding.
  private static func canBeNamed(_ table: PostgreSQLFacts.Table, _ encoding: String) -> Bool {
    let bytes = table.schema + table.name
    return encoding == "UTF8" || bytes.allSatisfy { $0 < 0x80 }
  }

  private static func pattern(_ name: CopyStatement.QualifiedName) -> String {
    String(decoding: PostgreSQLText.qualified(name.schema, name.name), as: UTF8.self)
  }

  private static func name(_ number: Int) -> String {
    let digits = "\(number)"
    return "data-" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits + ".sql"
  }
}
