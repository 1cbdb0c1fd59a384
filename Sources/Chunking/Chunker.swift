/// Finds where a stream is cut into chunks, by its contents and a secret.
///
/// Method: a gear hash with a secret table picks candidates (top 10 bits zero), SipHash-2-4 over exactly the last
/// 64 bytes decides. A decision depends on those 64 bytes and on the distance from the last cut alone. Claimed is
/// only this: cuts give no key away, and equal windows are cut equally. That contents are equal across runs stays
/// visible to whoever sees the lengths.
/// Gear: Xia and others, "Ddelta", 2014, and "FastCDC", USENIX ATC 2016; the attacks on unkeyed and rolling-hash
/// cutting that the decision answers: IACR eprint 2025/532 and 2025/558.
///
/// With D = target - minimum, a byte of random data is a cut with probability 1 / (2 D) from the minimum to the
/// target and 3 / D from there on; at the maximum there is always a cut. While the maximum is rarely met, the mean is
/// minimum + D (2 - 2 e^-½ + e^-½ / 3) = minimum + 0.989 D, and 61 % of the chunks reach the target. At 256 KiB,
/// 1 MiB, 4 MiB that is 1015.7 KiB (1017.3 measured over 3 GB); four chunks in a million meet the maximum.
package struct Chunker: Sendable {
  /// How many bytes a decision looks at: what 64 shifts leave in a 64-bit gear value.
  package static let window = 64
  /// The length of the secret in bytes.
  package static let secretCount = ChunkSecret.count

  /// The lengths this chunker keeps to.
  package let parameters: ChunkParameters
  private let secret: ChunkSecret
  private let strict: UInt64
  private let loose: UInt64

  /// - Parameters:
  ///   - secret: exactly 32 bytes, the key of the gear table and the key of the decisions; copied and expanded
  ///   - parameters: the lengths to keep to
  package init(secret: UnsafeRawBufferPointer, parameters: ChunkParameters) {
    self.secret = ChunkSecret(secret)
    self.parameters = parameters
    let spread = UInt64(parameters.target - parameters.minimum)
    strict = Chunker.threshold(halves: 1, spread)
    loose = Chunker.threshold(halves: 6, spread)
  }

  /// The position of the next cut in `bytes`, which start at the last cut; nil when more bytes are needed.
  ///
  /// The same cuts come out however the stream is sliced. Call again with the same start and more bytes after nil,
  /// and with the bytes behind the cut after a position.
  ///
  /// - Parameters:
  ///   - bytes: what is there from the last cut on; may be longer than the maximum
  ///   - search: the state of this stream's search
  ///   - isLast: the stream ends with these bytes; then nil means only that there are none
  package func cut(_ bytes: UnsafeRawBufferPointer, _ search: inout CutSearch, isLast: Bool) -> Int? {
    precondition(search.searched <= bytes.count, "fewer bytes than in the call before")
    let limit = min(bytes.count, parameters.maximum)
    var position: Int?
    let isEnd = limit == parameters.maximum || isLast && limit > 0
    if limit >= parameters.minimum, let base = bytes.baseAddress {
      position = decide(base, limit, isEnd: isEnd, &search)
    }
    if position == nil, isEnd { position = limit }
    if position != nil { search.startOver() }
    return position
  }

  /// Walks the candidates up to `limit`, which is at least the minimum, and returns the first that is accepted.
  ///
  /// What fills no whole block of lanes waits for more bytes, unless there are none to come.
  private func decide(_ base: UnsafeRawPointer, _ limit: Int, isEnd: Bool, _ search: inout CutSearch) -> Int? {
    let bytes = base.assumingMemoryBound(to: UInt8.self)
    let table = secret.gear
    var gear = search.gear
    var position = search.searched
    if position == 0 {
      // The first position that may be a cut is the minimum, so the byte before it is the first to be tested.
      for index in (parameters.minimum - Chunker.window)..<(parameters.minimum - 1) {
        gear = gear &<< 1 &+ table[Int(bytes[index])]
      }
      position = parameters.minimum - 1
    }
    while position + GearLanes.block <= limit {
      let counts = GearLanes.scan(bytes + position, table, &gear, into: search.candidates)
      for lane in 0..<GearLanes.count {
        let start = position + lane * GearLanes.span
        for index in 0..<counts[lane] {
          let candidate = start + Int(search.candidates[lane * GearLanes.span + index])
          if accepts(base, candidate, &search) { return candidate }
        }
      }
      position += GearLanes.block
    }
    while isEnd, position < limit {
      gear = gear &<< 1 &+ table[Int(bytes[position])]
      position += 1
      if gear < GearTable.candidateBound, accepts(base, position, &search) { return position }
    }
    search.gear = gear
    search.searched = position
    return nil
  }

  /// Whether the candidate at `position` from the last cut is a cut.
  private func accepts(_ base: UnsafeRawPointer, _ position: Int, _ search: inout CutSearch) -> Bool {
    search.decisions += 1
    return secret.decision.hash64(base + (position - Chunker.window)) <= (position < parameters.target ? strict : loose)
  }

  /// The bound on a 64-bit decision that makes one position in `2 spread / halves` a cut, given that one in 1024 is a
  /// candidate: 2^64 * 1024 * halves / (2 spread); every candidate is one where the spread is too small for that.
  private static func threshold(halves: UInt64, _ spread: UInt64) -> UInt64 {
    let high = halves << (GearTable.candidateBits - 1)
    return high < spread ? spread.dividingFullWidth((high, 0)).quotient : .max
  }
}
