import Bytes
import Pipeline
package import Profiles

/// The end of a name that a drill gives to a database on a server that has others: `orders_drill_6920a4f5c0ffee42`.
///
/// It holds the moment from which on anybody may take the database for left behind, so that who finds it needs to know
/// nothing of the drill.
package struct DrillEnding: Sendable, Equatable {
  private static let head = "_drill_"
  /// Until then a drill may be at work.
  package let expires: Moment
  private let number: UInt32

  /// Draws one.
  package init(expires: Moment) {
    self.expires = Moment(seconds: min(max(0, expires.seconds), Int64(UInt32.max)))
    number = UInt32.random(in: 0...UInt32.max)
  }

  /// Reads the end of a name; nil for one that no drill gave.
  package init?(of name: String) {
    let bytes = Array(name.utf8.suffix(DrillEnding.length))
    let head = Array(DrillEnding.head.utf8)
    guard name.utf8.count > DrillEnding.length, bytes.starts(with: head),
      let numbers = Hex.decode(String(decoding: bytes.dropFirst(head.count), as: UTF8.self)), numbers.count == 8,
      DrillEnding.hex(numbers) == bytes.dropFirst(head.count)
    else { return nil }
    func number(_ part: ArraySlice<UInt8>) -> UInt32 { part.reduce(0) { $0 << 8 | UInt32($1) } }
    expires = Moment(seconds: Int64(number(numbers[..<4])))
    self.number = number(numbers[4...])
  }

  /// In bytes.
  private static let length = head.utf8.count + 16

  private static func hex(_ bytes: [UInt8]) -> ArraySlice<UInt8> { Array(Hex.encode(bytes).utf8)[...] }

  /// As it stands there.
  package var text: String {
    let seconds = UInt32(clamping: expires.seconds)
    let bytes = [seconds, number].flatMap { word in (0..<4).map { UInt8(truncatingIfNeeded: word >> (24 - 8 * $0)) } }
    return DrillEnding.head + Hex.encode(bytes)
  }

  /// A name with this end, of at most so many bytes: the name itself gives way.
  package func appended(to name: String, limit: Int) -> String {
    var name = name
    while name.utf8.count + DrillEnding.length > limit { name.removeLast() }
    return name + text
  }

  /// Whether what has this end may be removed by anybody.
  package var isOver: Bool { expires.seconds < Int64(WallClock.now() / 1_000_000_000) }
}
