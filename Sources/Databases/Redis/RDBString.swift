/// Lengths and short strings of a dump of Redis.
enum RDBString {
  struct Length {
    var value: UInt64
    /// Whether the value is no length but a kind of encoding.
    var isEncoded: Bool
  }

  /// A length; nil where bytes are missing.
  static func length(_ bytes: [UInt8], _ cursor: inout Int) -> Length? {
    guard cursor < bytes.count else { return nil }
    let first = bytes[cursor]
    let more: Int
    switch first {
    case 0x00...0x3f: more = 0
    case 0x40...0x7f: more = 1
    case 0x80: more = 4
    case 0x81: more = 8
    case 0x82...0xbf: more = 0
    default: more = 0
    }
    guard cursor + more < bytes.count else { return nil }
    let rest = bytes[(cursor + 1)..<(cursor + 1 + more)].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    cursor += 1 + more
    switch first {
    case 0x00...0x3f: return Length(value: UInt64(first), isEncoded: false)
    case 0x40...0x7f: return Length(value: UInt64(first & 0x3f) << 8 | rest, isEncoded: false)
    case 0x80...0xbf: return Length(value: rest, isEncoded: false)
    default: return Length(value: UInt64(first & 0x3f), isEncoded: true)
    }
  }

  /// A whole string as its owner wrote it, whatever its encoding; nil where bytes are missing.
  static func read(_ bytes: [UInt8], _ cursor: inout Int) -> [UInt8]? {
    var place = cursor
    guard let length = length(bytes, &place) else { return nil }
    let result: [UInt8]
    if !length.isEncoded {
      guard UInt64(bytes.count - place) >= length.value else { return nil }
      result = Array(bytes[place..<(place + Int(length.value))])
      place += Int(length.value)
    } else if length.value < 3 {
      let count = 1 << Int(length.value)
      guard bytes.count - place >= count else { return nil }
      let raw = bytes[place..<(place + count)].reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
      let shift = UInt32(32 - 8 * count)
      result = Array("\(Int32(bitPattern: raw << shift) >> Int32(shift))".utf8)
      place += count
    } else {
      guard let packed = self.length(bytes, &place), let plain = self.length(bytes, &place),
        UInt64(bytes.count - place) >= packed.value
      else { return nil }
      result = unpack(bytes[place..<(place + Int(packed.value))], plain.value)
      place += Int(packed.value)
    }
    cursor = place
    return result
  }

  /// LZF: runs of plain bytes, and references of 13 bits back into what was unpacked. What is malformed ends early.
  private static func unpack(_ packed: ArraySlice<UInt8>, _ length: UInt64) -> [UInt8] {
    var output: [UInt8] = []
    var index = packed.startIndex
    while index < packed.endIndex, UInt64(output.count) < length {
      let control = Int(packed[index])
      index += 1
      if control < 32 {
        let end = min(index + control + 1, packed.endIndex)
        output += packed[index..<end]
        index = end
        continue
      }
      var count = control >> 5
      if count == 7, index < packed.endIndex {
        count += Int(packed[index])
        index += 1
      }
      guard index < packed.endIndex else { break }
      let back = (control & 31) << 8 + Int(packed[index]) + 1
      index += 1
      guard back <= output.count else { break }
      for _ in 0..<(count + 2) { output.append(output[output.count - back]) }
    }
    return output
  }
}
