import Bytes
import Cryptography

/// Counts the rows of the table that is being filled, and hashes many of them at once.
///
/// Rows are only pointed at until `settle`, which comes before their bytes go.
struct RowKeeper {
  private let checksums: Bool
  private let batch = DigestBatch()
  private let long = LongRow()
  private var name: [UInt8] = []
  private var count: UInt64 = 0
  private var checksum = MultisetChecksum()

  init(checksums: Bool) { self.checksums = checksums }

  /// Whether a row is being taken in parts.
  var isOpen: Bool { long.isOpen }

  /// The rows that follow belong to this table.
  mutating func begin(_ table: [UInt8], _ contents: inout DumpContents) {
    if table == name { return }
    settle(&contents)
    name = table
  }

  /// Takes a whole row.
  @inline(__always)
  mutating func add(_ row: UnsafeRawBufferPointer, _ contents: inout DumpContents) {
    count &+= 1
    guard checksums, let base = row.baseAddress else { return }
    if batch.isFull { hash() }
    batch.add(base, count: row.count)
  }

  /// Takes a part of a row that is too long to be kept.
  mutating func part(_ bytes: UnsafeRawBufferPointer) { long.update(bytes) }

  /// Ends a row that came in parts.
  mutating func closePart(_ contents: inout DumpContents) {
    let digest = long.finish()
    count &+= 1
    if checksums { checksum.add(digest) }
  }

  /// Brings all rows so far into the contents.
  mutating func settle(_ contents: inout DumpContents) {
    hash()
    guard count > 0 else { return }
    contents.tables[name, default: DumpContents.Table()].rows += count
    if checksums { contents.tables[name]?.checksum.add(checksum) }
    count = 0
    checksum = MultisetChecksum()
  }

  private mutating func hash() {
    var sum = checksum
    batch.hash { sum.add(hashes: $0) }
    checksum = sum
  }
}

/// The hash of a row that comes in parts; a class, because the stream of a hash is not copied.
private final class LongRow {
  private var stream: HashStream?

  var isOpen: Bool { stream != nil }

  func update(_ bytes: UnsafeRawBufferPointer) {
    var open = stream.take() ?? HashStream()
    open.update(bytes)
    stream = consume open
  }

  func finish() -> Name { (stream.take() ?? HashStream()).finish() }
}
