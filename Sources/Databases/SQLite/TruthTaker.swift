import Bytes
import Cryptography

/// Turns the printed rows of all tables into their checksums. Before each table's rows stands a line `#` with the
/// table's number, at the end a line `#end`; no row can begin with `#`.
struct TruthTaker: LineTaker {
  /// The checksum of each table, in the order of the script; the first is the schema.
  private(set) var checksums: [MultisetChecksum] = []
  /// Whether the last line was seen: without it something is missing.
  private(set) var isWhole = false

  private enum Line {
    case fresh
    case mark([UInt8])
    case row
  }

  private var line = Line.fresh
  private var row = RowHash()

  mutating func part(_ bytes: UnsafeRawBufferPointer) throws(Failure) {
    switch line {
    case .fresh where bytes.first == UInt8(ascii: "#"): line = .mark(Array(bytes))
    case .fresh:
      line = .row
      row.update(bytes)
    case .row: row.update(bytes)
    case .mark(let start):
      guard start.count + bytes.count < 32 else { throw malformed }
      line = .mark(start + bytes)
    }
  }

  mutating func end() throws(Failure) {
    switch line {
    case .fresh: throw malformed
    case .mark(let text): try mark(String(decoding: text, as: UTF8.self))
    case .row:
      guard !checksums.isEmpty, !isWhole else { throw malformed }
      checksums[checksums.count - 1].add(row.finish())
    }
    line = .fresh
  }

  private mutating func mark(_ text: String) throws(Failure) {
    guard !isWhole else { throw malformed }
    if text == "#end" {
      isWhole = true
    } else if text == "#\(checksums.count)" {
      checksums.append(MultisetChecksum())
    } else {
      throw malformed
    }
  }

  private var malformed: Failure { Failure(.sourceFailed, "sqlite3 printed something else than the rows asked for") }
}

/// The hash of one row that comes in parts.
private struct RowHash {
  /// A class, because a stream that isn't copied can't be kept in a value that is.
  private final class State {
    var stream: HashStream? = nil
  }

  private let state = State()

  func update(_ bytes: UnsafeRawBufferPointer) {
    var stream = state.stream.take() ?? HashStream()
    stream.update(bytes)
    state.stream = consume stream
  }

  func finish() -> Name { (state.stream.take() ?? HashStream()).finish() }
}
