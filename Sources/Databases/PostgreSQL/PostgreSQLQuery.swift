package import Bytes
package import Pipeline

/// SQL through `psql`: the script on standard input, nothing of the user's start-up files, stop at the first error.
///
/// Everything passes as the bytes that the database itself holds (`client_encoding` SQL_ASCII converts nothing): names
/// need not be UTF-8. Fields and rows end with zero bytes, which no value can hold, so that no name can break a row.
package struct PostgreSQLQuery: Sendable {
  package let connection: PostgreSQLConnection
  package let tools: PostgreSQLTools
  /// The database; nil leaves it to the service entry, the environment or the role's name.
  package let database: String?
  /// Settings of the session: `synchronous_commit=off`.
  private let options: [String]

  package init(
    _ connection: PostgreSQLConnection, _ tools: PostgreSQLTools, database: String?, options: [String] = []
  ) {
    self.connection = connection
    self.tools = tools
    self.database = database
    self.options = options
  }

  /// What a session of ours must not inherit: timeouts that end it in the middle, a search path in which a name could
  /// be somebody else's table or function.
  static let opening = """
    SET client_encoding = 'SQL_ASCII';
    SET search_path = pg_catalog, pg_temp;
    SET standard_conforming_strings = on;
    SET statement_timeout = 0;
    SET lock_timeout = 0;
    SET idle_in_transaction_session_timeout = 0;
    SET DateStyle = ISO;
    SET IntervalStyle = postgres;
    SET extra_float_digits = 3;
    SET bytea_output = hex;
    SET row_security = off;

    """

  /// Runs a script in a session of its own.
  ///
  /// - Parameters:
  ///   - script: statements, each ended by a semicolon, names as the database's own bytes
  ///   - columns: how many every row of every result has; zero where nothing is returned
  ///   - limit: the most that may be printed, in bytes
  /// - Returns: the rows of all results; NULL is an empty field
  /// - Throws: the connection's code with the server's words and what to do next; the reason of a stopped run
  package func rows(
    _ script: [UInt8], columns: Int, limit: Int = 256 << 20, stop: StopSignal
  ) throws(Failure) -> [[[UInt8]]] {
    var command = self.command
    command.input = .bytes(Array(PostgreSQLQuery.opening.utf8) + script + [UInt8(ascii: "\n")])
    let result = try Child.run(command, limit: limit, stop: stop)
    guard result.exit.succeeded else { throw failure(result.errorText) }
    return try PostgreSQLQuery.split(result.output, columns: columns, connection)
  }

  /// The same for a script of text.
  package func rows(_ script: String, columns: Int, stop: StopSignal) throws(Failure) -> [[[UInt8]]] {
    try rows(Array(script.utf8), columns: columns, stop: stop)
  }

  /// Runs a script that returns nothing.
  package func execute(_ script: [UInt8], stop: StopSignal) throws(Failure) {
    _ = try rows(script, columns: 1, stop: stop)
  }

  /// The one value of a script that returns one; nil if it returned no row.
  package func value(_ script: String, stop: StopSignal) throws(Failure) -> String? {
    try rows(script, columns: 1, stop: stop).first.map { String(decoding: $0[0], as: UTF8.self) }
  }

  /// `psql` for a script on standard input.
  var command: ChildCommand {
    connection.command(
      tools.path("psql"),
      [
        "-X", "-w", "-q", "-A", "-t", "-z", "-0", "-v", "ON_ERROR_STOP=1", "-d",
        connection.string(
          database: database,
          more: [("client_encoding", "SQL_ASCII")]
            + (options.isEmpty ? [] : [("options", options.map { "-c \($0)" }.joined(separator: " "))])),
      ])
  }

  /// What the session's errors mean.
  func failure(_ errorText: String) -> Failure {
    PostgreSQLTrouble.failure(
      connection.code, "PostgreSQL refuses", connection.redaction.clean(errorText),
      at: database.map { "\(connection.label), database \(Printable.quoted($0))" } ?? connection.label)
  }

  static func split(
    _ output: [UInt8], columns: Int, _ connection: PostgreSQLConnection
  ) throws(Failure) -> [[[UInt8]]] {
    if output.isEmpty { return [] }
    var rows: [[[UInt8]]] = []
    var row: [[UInt8]] = []
    var start = 0
    for (index, byte) in output.enumerated() where byte == 0 {
      row.append(Array(output[start..<index]))
      start = index + 1
      if row.count == columns {
        rows.append(row)
        row = []
      }
    }
    guard start == output.count, row.isEmpty else {
      throw Failure(
        connection.code, "psql printed something else than rows of \(columns) columns", at: connection.label)
    }
    return rows
  }
}

/// Names and texts as SQL spells them, in bytes of whatever encoding.
package enum PostgreSQLText {
  /// An identifier in quotation marks.
  package static func identifier(_ name: [UInt8]) -> [UInt8] { wrap(name, UInt8(ascii: "\"")) }

  /// A literal; with `standard_conforming_strings` on, as our sessions have it.
  package static func literal(_ value: [UInt8]) -> [UInt8] { wrap(value, UInt8(ascii: "'")) }

  /// `"schema"."name"`.
  package static func qualified(_ schema: [UInt8], _ name: [UInt8]) -> [UInt8] {
    identifier(schema) + [UInt8(ascii: ".")] + identifier(name)
  }

  private static func wrap(_ text: [UInt8], _ quote: UInt8) -> [UInt8] {
    var wrapped = [quote]
    for byte in text {
      if byte == quote { wrapped.append(quote) }
      wrapped.append(byte)
    }
    wrapped.append(quote)
    return wrapped
  }
}
