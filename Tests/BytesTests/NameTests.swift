import Bytes
import TestKit
import Testing

@Suite("Names, identifiers and their spelling")
struct NameTests {
  @Test("hexadecimal goes out and back")
  func hexRoundTrip() {
    let every = (0...255).map { UInt8($0) }
    #expect(Hex.decode(Hex.encode(every)) == every)
    #expect(Hex.encode([0x00, 0xff, 0x1a]) == "00ff1a")
    #expect(Hex.decode("") == [])
  }

  @Test(
    "anything but lower-case pairs of digits is refused",
    arguments: ["0", "0A", "0g", "é", " 00", "00 ", "0x00", "00\n"])
  func hexRefused(text: String) {
    #expect(Hex.decode(text) == nil)
  }

  @Test("names are ordered as their bytes are")
  func nameOrder() throws {
    try fuzz(seed: 2, count: 300) { _, random in
      var first = random.bytes(32)
      var second = first
      if random.number(in: 0...9) > 0 {
        let place = random.number(in: 0...31)
        second[place] = UInt8(random.number(in: 0...255))
      }
      if random.number(in: 0...1) == 0 { swap(&first, &second) }
      let names = (try #require(Name(first)), try #require(Name(second)))
      #expect((names.0 < names.1) == first.lexicographicallyPrecedes(second))
      #expect((names.0 == names.1) == (first == second))
      #expect((names.0.hex < names.1.hex) == (names.0 < names.1))
    }
  }

  @Test("a name keeps its bytes and its spelling")
  func nameRoundTrip() throws {
    var random = RandomSource(seed: 3)
    let bytes = random.bytes(32)
    let name = try #require(Name(bytes))
    #expect(name.bytes == bytes)
    #expect(name.hex == Hex.encode(bytes))
    #expect(Name(hex: name.hex) == name)
    #expect(name.prefix == bytes[0..<8].reduce(0) { $0 << 8 | UInt64($1) })
  }

  @Test("names and identifiers of another length are refused")
  func lengths() {
    for count in 0...40 {
      let bytes = [UInt8](repeating: 1, count: count)
      #expect((Name(bytes) != nil) == (count == 32))
      #expect((Name(hex: Hex.encode(bytes)) != nil) == (count == 32))
      #expect((Identifier(bytes) != nil) == (count == 16))
      #expect((Identifier(hex: Hex.encode(bytes)) != nil) == (count == 16))
    }
    #expect(Name(hex: String(repeating: "A", count: 64)) == nil)
    #expect(Identifier(hex: String(repeating: "A", count: 32)) == nil)
  }

  @Test("an identifier keeps its bytes, its spelling and their order")
  func identifier() throws {
    try fuzz(seed: 4, count: 100) { _, random in
      let bytes = [random.bytes(16), random.bytes(16)]
      let first = try #require(Identifier(bytes[0]))
      let second = try #require(Identifier(bytes[1]))
      #expect(first.bytes == bytes[0])
      #expect(Identifier(hex: first.hex) == first)
      #expect((first < second) == bytes[0].lexicographicallyPrecedes(bytes[1]))
    }
    #expect(Identifier.random() != Identifier.random())
  }
}
