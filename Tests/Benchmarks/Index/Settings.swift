import Bytes
import Glibc

/// Prints a line at once, also into a pipe.
func say(_ line: String) {
  var line = line + "\n"
  line.withUTF8 { _ = write(1, $0.baseAddress, $0.count) }
}

/// What to measure.
struct Settings {
  var blobs = 1_000_000
  /// If not zero, a store of so many snapshots is made and opened instead.
  var snapshots = 0
  var day = 200_000
  var deltas = 90
  var lookups = 2_000_000
  var folder = "/tmp"

  /// Reads `--blobs N --snapshots N --day N --deltas PERCENT --lookups N --folder PATH`.
  init(_ arguments: [String]) {
    var rest = arguments.dropFirst()
    while let option = rest.popFirst() {
      let value = rest.popFirst() ?? ""
      switch (option, Int(value)) {
      case ("--blobs", let number?): blobs = number
      case ("--snapshots", let number?): snapshots = number
      case ("--day", let number?): day = number
      case ("--deltas", let number?): deltas = number
      case ("--lookups", let number?): lookups = number
      case ("--folder", _): folder = value
      default:
        say("unknown: \(option) \(value)")
        exit(2)
      }
    }
  }

  /// Bytes of disk that a run takes at most: the sorted runs, the table made of them, and a day.
  var disk: UInt64 { UInt64(blobs + day) * 2 * UInt64(48 + 32 * deltas / 100 + 3) + (256 << 20) }
}

/// Blobs that follow from their number, so that a run can ask for any of them without keeping a list.
enum Synthetic {
  /// Four words from a number (SplitMix64); evenly spread, as keyed hashes are.
  static func name(_ number: UInt64) -> Name {
    func word(_ lane: UInt64) -> UInt64 {
      var value = (number &* 4 &+ lane) &* 0x9e37_79b9_7f4a_7c15
      value = (value ^ value >> 30) &* 0xbf58_476d_1ce4_e5b9
      value = (value ^ value >> 27) &* 0x94d0_49bb_1331_11eb
      return value ^ value >> 31
    }
    let words = (word(1), word(2), word(3), word(4))
    return withUnsafeBytes(of: words) { Name($0) }
  }
}
