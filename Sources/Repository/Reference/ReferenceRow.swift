import Bytes
import Cryptography
import Format

/// Where a frame lies in the reference cache.
struct FramePlace: Sendable, Equatable {
  /// The generation whose file holds it.
  let file: UInt32
  /// Bytes of the record, header and seal included.
  let length: UInt32
  let offset: UInt64
}

/// What the reference cache knows of one chunk of a dump.
package struct ReferenceRow: Sendable, Equatable {
  /// Bytes of a row in a roll.
  static let length = 96

  let name: Name
  let print: ChunkPrint
  /// Of the plain bytes: what a base must give before anything is compressed against it.
  let check: FaultCheck
  let place: FramePlace
  /// Whose files are needed to decode it, its own and those of all bases: bit *i* for generation `place.file` - *i*.
  let files: UInt64
  var plainLength: UInt32 { print.length }
  /// About how many bytes a full blob of it takes: a delta must do far better.
  let fullLength: UInt32

  init(
    name: Name, print: ChunkPrint, check: FaultCheck, place: FramePlace, files: UInt64, fullLength: UInt32
  ) {
    self.name = name
    self.print = print
    self.check = check
    self.place = place
    self.files = files
    self.fullLength = fullLength
  }

  /// About how many bytes a changed version of this chunk takes by itself.
  func fullLength(ofPlain count: Int) -> UInt32 { UInt32(count * Int(fullLength) / max(Int(plainLength), 1)) }

  /// The oldest generation whose file is needed.
  var oldestFile: UInt32 { place.file - UInt32(63 - files.leadingZeroBitCount) }

  /// `files` of an entry that generation `number` adds on this base; nil if the base reaches too far back.
  func files(forDeltaIn number: UInt32) -> UInt64? {
    number - oldestFile < 64 ? files << UInt64(number - place.file) | 1 : nil
  }

  func write(to writer: inout ByteWriter) {
    writer.name(name)
    writer.integer(print.head)
    writer.integer(print.tail)
    writer.integer(check.low)
    writer.integer(check.high)
    writer.integer(place.offset)
    writer.integer(place.file)
    writer.integer(place.length)
    writer.integer(files)
    writer.integer(plainLength)
    writer.integer(fullLength)
  }

  init(from reader: inout ByteReader) throws(Failure) {
    name = try reader.name()
    let (head, tail) = (try reader.integer(UInt64.self), try reader.integer(UInt64.self))
    check = FaultCheck(low: try reader.integer(UInt64.self), high: try reader.integer(UInt64.self))
    let offset = try reader.integer(UInt64.self)
    let file = try reader.integer(UInt32.self)
    place = FramePlace(file: file, length: try reader.integer(UInt32.self), offset: offset)
    files = try reader.integer(UInt64.self)
    print = ChunkPrint(head: head, tail: tail, length: try reader.integer(UInt32.self))
    fullLength = try reader.integer(UInt32.self)
    guard files & 1 == 1, oldestFileFits, plainLength <= Limits.chunk,
      place.length <= FrameHeader.length + Limits.chunk + 1024
    else {
      throw reader.mismatch("a chunk of \(plainLength) bytes")
    }
  }

  private var oldestFileFits: Bool { 63 - files.leadingZeroBitCount <= Int(place.file) }
}

/// What the ends of a chunk look like: enough to find the chunk it was yesterday.
///
/// Rows change inside a chunk and leave its ends as they are. Measured on the second day of five dumps: 94 to 98 of
/// 100 changed chunks begin, and 1 to 3 more end, with the same 64 bytes as a chunk of the day before.
package struct ChunkPrint: Sendable, Equatable {
  /// How many bytes at each end count.
  static let window = 64

  /// Keyed hash of the first bytes.
  let head: UInt64
  /// Keyed hash of the last bytes.
  let tail: UInt64
  /// Plain bytes.
  let length: UInt32
}
