import Chunking

/// The method of `Chunker` once more, written to be read and not to be fast: everything is computed from the last
/// 64 bytes at each position, in plain arithmetic.
struct ReferenceChunker {
  private let parameters: ChunkParameters
  private let decision: SipHash
  private var table: [UInt64] = []

  init(seed: UInt8, _ parameters: ChunkParameters) {
    self.parameters = parameters
    func word(_ offset: UInt8) -> UInt64 {
      (0..<8).reduce(0) { $0 | UInt64(seed &+ offset &+ UInt8($1)) << (8 * UInt64($1)) }
    }
    decision = SipHash(first: word(16), second: word(24))
    let expansion = SipHash(first: word(0), second: word(8))
    for byte in 0..<256 {
      table.append(0)
      var draw: UInt64 = 0
      repeat {
        let message = [UInt64(byte).littleEndian, draw.littleEndian]
        table[byte] = message.withUnsafeBytes { expansion.hash($0) }
        draw += 1
      } while (0...byte).contains { isSlow([byte, $0]) || isSlow([$0, byte]) }
    }
  }

  /// Whether the gear value after 64 bytes of the repeated pattern is a candidate.
  private func isSlow(_ pattern: [Int]) -> Bool {
    isCandidate((0..<64).map { UInt8(pattern[$0 % pattern.count]) })
  }

  private func isCandidate(_ window: some Sequence<UInt8>) -> Bool {
    window.reduce(UInt64(0)) { $0 << 1 &+ table[Int($1)] } >> 54 == 0
  }

  /// Whether a candidate at `length` bytes from the last cut is a cut.
  private func accepts(_ window: ArraySlice<UInt8>, _ length: Int) -> Bool {
    let spread = UInt128(parameters.target - parameters.minimum)
    // 2^64 times 1024 times the wanted chance a byte: 1 / (2 spread) before the target, 3 / spread from there on.
    let share = UInt128(1) << 74 * (length < parameters.target ? 1 : 6)
    let value = window.withUnsafeBytes { decision.hash($0) }
    return spread == 0 || UInt128(value) <= share / (2 * spread)
  }

  func cuts(_ stream: [UInt8]) -> [Int] {
    var cuts: [Int] = []
    var start = 0
    for end in 1...max(stream.count, 1) where !stream.isEmpty {
      let length = end - start
      let isCut =
        if length == parameters.maximum || end == stream.count {
          true
        } else if length < parameters.minimum {
          false
        } else {
          isCandidate(stream[(end - 64)..<end]) && accepts(stream[(end - 64)..<end], length)
        }
      guard isCut else { continue }
      cuts.append(end)
      start = end
    }
    return cuts
  }
}
