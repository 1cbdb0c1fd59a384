/// SipHash-2-4: a keyed pseudorandom function from byte strings to 64 bits.
///
/// Source: Aumasson, Bernstein, "SipHash: a fast short-input PRF", INDOCRYPT 2012. The tests hold the
/// published vectors. Not constant time in the length, which is public here.
package struct SipHash: Sendable {
  private let first: UInt64
  private let second: UInt64

  /// - Parameters:
  ///   - first: key bytes 0 to 7, little-endian
  ///   - second: key bytes 8 to 15, little-endian
  package init(first: UInt64, second: UInt64) {
    self.first = first
    self.second = second
  }

  /// The value for any number of bytes.
  package func hash(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
    var state = State(first, second)
    let whole = bytes.count & ~7
    for offset in stride(from: 0, to: whole, by: 8) {
      state.absorb(UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)))
    }
    var last = UInt64(truncatingIfNeeded: bytes.count) << 56
    for index in whole..<bytes.count { last |= UInt64(bytes[index]) << UInt64(8 * (index - whole)) }
    state.absorb(last)
    return state.finish()
  }

  /// The value for exactly 64 bytes, which must be readable from `window`: 22 rounds in a row, no loop, no tail.
  @inline(__always)
  package func hash64(_ window: UnsafeRawPointer) -> UInt64 {
    var state = State(first, second)
    state.absorb(word(window, 0))
    state.absorb(word(window, 8))
    state.absorb(word(window, 16))
    state.absorb(word(window, 24))
    state.absorb(word(window, 32))
    state.absorb(word(window, 40))
    state.absorb(word(window, 48))
    state.absorb(word(window, 56))
    state.absorb(64 << 56)
    return state.finish()
  }

  @inline(__always)
  private func word(_ window: UnsafeRawPointer, _ offset: Int) -> UInt64 {
    UInt64(littleEndian: window.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
  }
}

/// The four words that SipHash works on.
private struct State {
  private var a: UInt64
  private var b: UInt64
  private var c: UInt64
  private var d: UInt64

  @inline(__always)
  init(_ first: UInt64, _ second: UInt64) {
    a = first ^ 0x736f_6d65_7073_6575
    b = second ^ 0x646f_7261_6e64_6f6d
    c = first ^ 0x6c79_6765_6e65_7261
    d = second ^ 0x7465_6462_7974_6573
  }

  @inline(__always)
  mutating func absorb(_ word: UInt64) {
    d ^= word
    round()
    round()
    a ^= word
  }

  @inline(__always)
  mutating func finish() -> UInt64 {
    c ^= 0xff
    round()
    round()
    round()
    round()
    return a ^ b ^ c ^ d
  }

  @inline(__always)
  private mutating func round() {
    a &+= b
    c &+= d
    b = rotated(b, 13) ^ a
    d = rotated(d, 16) ^ c
    a = rotated(a, 32)
    c &+= b
    a &+= d
    b = rotated(b, 17) ^ c
    d = rotated(d, 21) ^ a
    c = rotated(c, 32)
  }

  @inline(__always)
  private func rotated(_ word: UInt64, _ count: UInt64) -> UInt64 { word &<< count | word &>> (64 &- count) }
}
