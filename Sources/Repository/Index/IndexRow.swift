import Bytes
import Format

/// The four words of a name, for the loops of this folder: a comparison in another module is a call.
struct NameKey: Sendable, Equatable {
  let a: UInt64
  let b: UInt64
  let c: UInt64
  let d: UInt64

  @inline(__always)
  init(_ name: Name) { self = unsafeBitCast(name, to: NameKey.self) }

  @inline(__always)
  var name: Name { unsafeBitCast(self, to: Name.self) }

  @inline(__always)
  static func < (left: NameKey, right: NameKey) -> Bool {
    if left.a != right.a { return left.a < right.a }
    if left.b != right.b { return left.b < right.b }
    if left.c != right.c { return left.c < right.c }
    return left.d < right.d
  }
}

/// What an index says of a blob besides its names and place, in one word.
struct RowInfo: Sendable, Equatable {
  let bits: UInt64

  @inline(__always)
  init(bits: UInt64) { self.bits = bits }

  /// Lengths and depth are within the limits of the format, which directories are checked against.
  init(_ entry: DirectoryEntry) {
    bits =
      UInt64(entry.plainLength) & RowInfo.length | (UInt64(entry.sealedLength) & RowInfo.length) << 23
      | UInt64(entry.key) << 46 | (UInt64(entry.depth) & 63) << 54 | (UInt64(entry.flags.rawValue) & 3) << 60
      | (entry.kind == .list ? 1 : 0) << 62
  }

  /// Up to 8 MiB: twice the longest chunk.
  private static let length: UInt64 = (1 << 23) - 1

  var plainLength: UInt32 { UInt32(bits & RowInfo.length) }
  var sealedLength: UInt32 { UInt32(bits >> 23 & RowInfo.length) }
  /// Position in the list of keys of the pack's own directory.
  var key: Int { Int(bits >> 46 & 255) }
  var depth: UInt8 { UInt8(bits >> 54 & 63) }
  var flags: BlobFlags { BlobFlags(rawValue: UInt8(bits >> 60 & 3)) }
  var isDelta: Bool { bits >> 61 & 1 != 0 }
  var kind: BlobKind { bits >> 62 & 1 != 0 ? .list : .data }
}

/// One blob as a table holds it.
struct IndexRow: Sendable {
  let name: NameKey
  /// The base of a delta; of no meaning for a full blob.
  let base: NameKey
  /// Position in the table's own list of packs.
  var pack: UInt32
  let offset: UInt32
  let info: RowInfo

  init(name: NameKey, base: NameKey, pack: UInt32, offset: UInt32, info: RowInfo) {
    self.name = name
    self.base = base
    self.pack = pack
    self.offset = offset
    self.info = info
  }

  init(_ entry: DirectoryEntry, pack: UInt32) {
    self.init(
      name: NameKey(entry.name), base: NameKey(entry.base), pack: pack, offset: entry.offset, info: RowInfo(entry))
  }

  /// The order of a table: by name, the least deep copy first.
  @inline(__always)
  static func precedes(_ left: IndexRow, _ right: IndexRow) -> Bool {
    if left.name.a != right.name.a { return left.name.a < right.name.a }
    if left.name != right.name { return left.name < right.name }
    let (one, other) = (left.info.depth, right.info.depth)
    if one != other { return one < other }
    return left.pack != right.pack ? left.pack < right.pack : left.offset < right.offset
  }
}
