import Bytes
import Databases
import Glibc
import Profiles
import TestKit
import Testing

@Suite("The end of a name that a drill gives")
struct DrillEndingTests {
  @Test("is read again, and says when it is over")
  func roundTrip() throws {
    let now = Int64(time(nil))
    for seconds in [0, 1, now - 1, now + 3600, Int64(UInt32.max)] {
      let ending = DrillEnding(expires: Moment(seconds: seconds))
      let name = ending.appended(to: "orders", limit: 63)
      #expect(name.hasPrefix("orders_drill_"))
      #expect(DrillEnding(of: name) == ending)
      #expect(ending.expires == Moment(seconds: seconds))
      #expect(ending.isOver == (seconds < now))
    }
    #expect(DrillEnding(expires: Moment(seconds: 7)) != DrillEnding(expires: Moment(seconds: 7)))
  }

  @Test("fits behind a name of any length, which gives way letter by letter")
  func limits() {
    let ending = DrillEnding(expires: Moment(seconds: 7))
    for name in ["x", String(repeating: "ä", count: 40), String(repeating: "n", count: 63), "🦭🦭🦭🦭🦭🦭🦭🦭🦭🦭🦭🦭🦭"] {
      for limit in [63, 64] {
        let long = ending.appended(to: name, limit: limit)
        #expect(long.utf8.count <= limit)
        #expect(DrillEnding(of: long) == ending)
      }
    }
  }

  @Test("is not seen in names that others gave")
  func others() {
    let names = [
      "", "_drill_6920a4f5c0ffee42", "orders", "orders_drill_", "orders_drill_6920a4f5c0ffee4",
      "orders_drill_6920A4F5C0FFEE42",
      "orders_drill_6920a4f5c0ffee42x", "orders-drill_6920a4f5c0ffee42", "orders_drill_6920a4f5c0ffeeé",
    ]
    for name in names { #expect(DrillEnding(of: name) == nil, "\(name)") }
    #expect(DrillEnding(of: "o_drill_6920a4f5c0ffee42") != nil)
    var source = RandomSource(seed: 1)
    for _ in 0..<2000 {
      let bytes = source.bytes(source.number(in: 0...40))
      _ = DrillEnding(of: String(decoding: bytes, as: UTF8.self))
    }
  }
}
