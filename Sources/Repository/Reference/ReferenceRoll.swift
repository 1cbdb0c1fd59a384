import Bytes
import Cryptography
import Glibc

/// The chunks of one dump in order, as a file of sealed blocks, so that a part can be read without the rest.
///
/// A roll that is cut short or damaged is a shorter roll: what it does not name is stored full.
enum ReferenceRoll {
  /// Rows in a block; the last may have fewer.
  static let rowsPerBlock = 256
  private static let blockLength = rowsPerBlock * ReferenceRow.length + SessionKey.overhead

  /// Seals a block.
  static func seal(_ rows: ArraySlice<ReferenceRow>, block: Int, generation: UInt32, key: SessionKey) -> [UInt8] {
    var writer = ByteWriter(capacity: rows.count * ReferenceRow.length)
    for row in rows { row.write(to: &writer) }
    var sealed = [UInt8](repeating: 0, count: writer.bytes.count + SessionKey.overhead)
    writer.bytes.withUnsafeBytes { plain in
      bound(block, generation).withUnsafeBytes { bound in
        sealed.withUnsafeMutableBytes { _ = key.seal(plain, additional: bound, into: $0) }
      }
    }
    return sealed
  }

  /// How many rows a file of `size` bytes holds.
  static func count(size: UInt64) -> Int {
    let (blocks, rest) = Int(size).quotientAndRemainder(dividingBy: blockLength)
    return blocks * rowsPerBlock + max(0, rest - SessionKey.overhead) / ReferenceRow.length
  }

  /// Reads a block; empty if it is damaged or not there.
  static func read(_ file: borrowing Descriptor, block: Int, generation: UInt32, key: SessionKey) -> [ReferenceRow] {
    var sealed = [UInt8](repeating: 0, count: blockLength)
    let length = sealed.withUnsafeMutableBytes { try? file.read(at: UInt64(block * blockLength), into: $0) } ?? 0
    guard length > SessionKey.overhead else { return [] }
    var plain = [UInt8](repeating: 0, count: length - SessionKey.overhead)
    let isWhole = sealed.withUnsafeBytes { sealed in
      bound(block, generation).withUnsafeBytes { bound in
        plain.withUnsafeMutableBytes { plain in
          (try? key.open(UnsafeRawBufferPointer(rebasing: sealed[..<length]), additional: bound, into: plain)) != nil
        }
      }
    }
    guard isWhole else { return [] }
    var reader = ByteReader(plain, of: "reference roll")
    var rows: [ReferenceRow] = []
    rows.reserveCapacity(rowsPerBlock)
    while reader.remaining >= ReferenceRow.length, let row = try? ReferenceRow(from: &reader) { rows.append(row) }
    return rows
  }

  private static func bound(_ block: Int, _ generation: UInt32) -> [UInt8] {
    var writer = ByteWriter(capacity: 40)
    writer.raw("lifeboat-1 reference roll\0".utf8)
    writer.integer(generation)
    writer.integer(UInt64(block))
    return writer.bytes
  }
}

/// Writes a roll while a run goes on. Belongs to one thread.
struct RollWriter: ~Copyable {
  private let file: Descriptor
  private let generation: UInt32
  private let key: SessionKey
  private var pending: [ReferenceRow] = []
  private var blocks = 0
  /// The files that its rows need.
  private(set) var files: Set<UInt32> = []

  init(_ file: consuming Descriptor, generation: UInt32, key: SessionKey) {
    self.file = file
    self.generation = generation
    self.key = key
    pending.reserveCapacity(ReferenceRoll.rowsPerBlock)
  }

  mutating func append(_ row: ReferenceRow) throws(SystemError) {
    pending.append(row)
    var bits = row.files
    while bits != 0 {
      files.insert(row.place.file - UInt32(bits.trailingZeroBitCount))
      bits &= bits - 1
    }
    if pending.count == ReferenceRoll.rowsPerBlock { try flush() }
  }

  /// Writes what is pending; only once at the end may a block be short.
  mutating func flush() throws(SystemError) {
    guard !pending.isEmpty else { return }
    let sealed = ReferenceRoll.seal(pending[...], block: blocks, generation: generation, key: key)
    try sealed.withUnsafeBufferPointer { (bytes) throws(SystemError) in try file.write(UnsafeRawBufferPointer(bytes)) }
    blocks += 1
    pending.removeAll(keepingCapacity: true)
  }
}
