import Bytes
import Pipeline
import Synchronization

/// A `psql` that stays: one session of the server over many statements, to hold a transaction with its snapshot. One
/// thread uses it at a time.
final class PostgreSQLSession: @unchecked Sendable {
  private let query: PostgreSQLQuery
  private let child: Child
  private var unread: [UInt8] = []
  private let end: [UInt8]

  /// Connects.
  init(_ query: PostgreSQLQuery, stop: StopSignal) throws(Failure) {
    self.query = query
    end = Array("end of result \(Identifier.random().hex)".utf8) + [0]
    var command = query.command
    command.input = .pipe
    // It holds nothing but a transaction that reads.
    command.grace = 1_000_000_000
    child = try Child.start(command, stop: stop)
    _ = try rows(Array(PostgreSQLQuery.opening.utf8), columns: 1)
  }

  /// Runs statements and returns the rows of their results.
  func rows(_ script: [UInt8], columns: Int) throws(Failure) -> [[[UInt8]]] {
    let mark = Array("\nSELECT '\(String(decoding: end.dropLast(), as: UTF8.self))';\n".utf8)
    // A session that has ended takes nothing more; the end of its output comes next and says why.
    (script + mark).withUnsafeBytes { try? child.write($0) }
    var part = Buffer(capacity: 65_536)
    while !endsWithMark {
      part.count = try part.withCapacity { (room) throws(Failure) in try child.read(into: room) }
      if part.count == 0 { throw try ending() }
      part.withBytes { unread.append(contentsOf: $0) }
    }
    let output = Array(unread.dropLast(end.count))
    unread.removeAll(keepingCapacity: true)
    return try PostgreSQLQuery.split(output, columns: columns, query.connection)
  }

  func rows(_ script: String, columns: Int) throws(Failure) -> [[[UInt8]]] {
    try rows(Array(script.utf8), columns: columns)
  }

  /// Ends the session.
  func close() { child.terminate() }

  private var endsWithMark: Bool {
    unread.count >= end.count && unread.suffix(end.count).elementsEqual(end)
      && (unread.count == end.count || unread[unread.count - end.count - 1] == 0)
  }

  /// Why the session is over; throws the reason of a stopped run.
  private func ending() throws(Failure) -> Failure {
    let exit = try child.wait()
    let text = child.errorText
    return query.failure(text.isEmpty ? "psql ended with \(exit)" : text)
  }
}
