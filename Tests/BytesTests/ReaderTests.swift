import Bytes
import TestKit
import Testing

@Suite("ByteReader and ByteWriter")
struct ReaderTests {
  private func sample() -> [UInt8] {
    var writer = ByteWriter()
    writer.integer(UInt8(7))
    writer.integer(UInt16(0x0102))
    writer.integer(UInt32(0x0102_0304))
    writer.integer(UInt64(0x0102_0304_0506_0708))
    writer.name(.zero)
    writer.identifier(.zero)
    writer.short([1, 2, 3])
    writer.long([4, 5])
    writer.raw([6])
    return writer.bytes
  }

  private func parse(_ bytes: some Collection<UInt8>) throws(Failure) {
    var reader = ByteReader(bytes, of: "sample")
    _ = try reader.integer(UInt8.self)
    _ = try reader.integer(UInt16.self)
    _ = try reader.integer(UInt32.self)
    _ = try reader.integer(UInt64.self)
    _ = try reader.name()
    _ = try reader.identifier()
    _ = try reader.short()
    _ = try reader.long(limit: 16)
    _ = try reader.take(1)
    try reader.end()
  }

  @Test("what was written is read back")
  func roundTrip() throws {
    var reader = ByteReader(sample(), of: "sample")
    #expect(try reader.integer(UInt8.self) == 7)
    #expect(try reader.integer(UInt16.self) == 0x0102)
    #expect(try reader.integer(UInt32.self) == 0x0102_0304)
    #expect(try reader.integer(UInt64.self) == 0x0102_0304_0506_0708)
    #expect(try reader.name() == .zero)
    #expect(try reader.identifier() == .zero)
    #expect(try reader.short() == [1, 2, 3])
    #expect(try reader.long(limit: 2) == [4, 5])
    #expect(reader.remaining == 1)
    #expect(try Array(reader.take(1)) == [6])
    try reader.end()
  }

  @Test("integers are little-endian")
  func littleEndian() {
    var writer = ByteWriter()
    writer.integer(UInt32(0x0102_0304))
    #expect(writer.bytes == [4, 3, 2, 1])
  }

  @Test("a layout that ends early at any byte is damaged, never a trap")
  func truncation() {
    let bytes = sample()
    for count in bytes.indices {
      #expect(throws: Failure.self) { try parse(bytes.prefix(count)) }
    }
    #expect(throws: Never.self) { try parse(bytes) }
  }

  @Test("a byte too many is damaged")
  func excess() {
    let error = #expect(throws: Failure.self) { try parse(sample() + [0]) }
    #expect(error?.code == .damaged)
  }

  @Test("a length over the limit is damaged before anything is allocated")
  func limit() {
    var writer = ByteWriter()
    writer.integer(UInt32.max)
    let error = #expect(throws: Failure.self) {
      var reader = ByteReader(writer.bytes, of: "sample")
      _ = try reader.long(limit: 1024)
    }
    #expect(error?.code == .damaged)
  }

  @Test("a slice that does not begin at zero is read from its own beginning")
  func slice() throws {
    let bytes: [UInt8] = [9, 9, 1, 0, 9]
    var reader = ByteReader(bytes[2..<4], of: "slice")
    #expect(reader.position == 0)
    #expect(try reader.integer(UInt16.self) == 1)
    #expect(reader.position == 2)
    try reader.end()
  }

  @Test("random bytes are read or refused")
  func random() {
    fuzz(seed: 1, count: 500) { _, random in
      let noise = random.bytes(random.number(in: 0...100))
      do throws(Failure) { try parse(noise) } catch { #expect(error.code == .damaged) }
      let mutated = random.mutation(of: sample())
      do throws(Failure) { try parse(mutated) } catch { #expect(error.code == .damaged) }
    }
  }
}
