import Bytes
import Chunking
import Testing

@Suite("A chunker")
struct ChunkerTests {
  @Test("cuts where it always cut: another position means that nothing stored before is found again")
  func stability() throws {
    var random = Randomness(seed: 1)
    let stream = random.bytes(8 << 20)
    let large = try ChunkParameters(minimum: 256 << 10, target: 1 << 20, maximum: 4 << 20)
    #expect(Chunker(seed: 0, large).cuts(stream).positions == StabilityTable.large)
    #expect(
      Chunker(seed: 0, try smallParameters()).cuts(Array(stream.prefix(1 << 20))).positions == StabilityTable.small)
  }

  @Test("cuts where the plain description of the method says")
  func reference() throws {
    var random = Randomness(seed: 2)
    let text = (0..<20_000).map { "INSERT INTO t VALUES (\($0),'\(random.next() % 100)');\n" }.joined()
    for stream in [random.bytes(600_000), Array(text.utf8), Array(text.utf8.prefix(4096)), Array(text.utf8.prefix(70))]
    {
      for parameters in try [
        smallParameters(), ChunkParameters(minimum: 4096, target: 4096, maximum: 4096),
        ChunkParameters(minimum: 5000, target: 5001, maximum: 90_000),
      ] {
        for seed: UInt8 in [3, 77] {
          let expected = ReferenceChunker(seed: seed, parameters).cuts(stream)
          #expect(Chunker(seed: seed, parameters).cuts(stream).positions == expected)
        }
      }
    }
  }

  @Test("cuts alike whether a stream comes whole, byte by byte or in random slices")
  func slices() throws {
    var random = Randomness(seed: 3)
    let stream = random.bytes(300_000) + [UInt8](repeating: 0, count: 200_000) + random.bytes(100_000)
    let chunker = Chunker(seed: 9, try smallParameters())
    let whole = chunker.cuts(stream).positions
    #expect(whole.count > 20)
    #expect(whole.last == stream.count)
    #expect(chunker.cuts(stream) { 1 } == whole)
    for bound in [3, 100, 5000, 70_000, 400_000] {
      #expect(chunker.cuts(stream) { 1 + random.below(bound) } == whole)
    }
  }

  @Test("decides every candidate once, however the stream is sliced")
  func resumption() throws {
    var random = Randomness(seed: 4)
    let stream = random.bytes(65_536)
    let chunker = Chunker(seed: 1, try ChunkParameters(minimum: 4096, target: 1 << 20, maximum: 1 << 20))
    var search = CutSearch()
    stream.withUnsafeBytes { bytes in
      for end in 0...bytes.count {
        if let cut = chunker.cut(UnsafeRawBufferPointer(rebasing: bytes[..<end]), &search, isLast: false) {
          Issue.record("cut at \(cut), before the target")
          return
        }
      }
    }
    // What fills no whole block of lanes is looked at when the stream ends.
    #expect((stream.count - 16_384..<stream.count).contains(search.searched))
    let end = stream.withUnsafeBytes { chunker.cut($0, &search, isLast: true) }
    #expect(end == stream.count)
    #expect(search.decisions == chunker.cuts(stream).decisions)
    #expect(search.decisions > 30)
  }

  @Test("cuts as described where candidates come thick, at every place of a block and on both sides of its lanes")
  func crowded() throws {
    var random = Randomness(seed: 7)
    // The target equals the minimum, so that one candidate in fourteen and more is a cut, and cuts begin anywhere.
    for parameters in try [
      ChunkParameters(minimum: 4096, target: 40_000, maximum: 120_000),
      ChunkParameters(minimum: 4096, target: 4097, maximum: 1 << 20), smallParameters(),
    ] {
      let chunker = Chunker(seed: 21, parameters)
      let pattern = try crowdedPattern(&random)
      var stream = random.bytes(30_000)
      for length in [70_000, 16_384, 4096, 100, 50_000] {
        stream += (0..<length).map { pattern[$0 % pattern.count] }
        stream += random.bytes(5000)
        stream += [UInt8](repeating: 0, count: 20_000)
      }
      let expected = ReferenceChunker(seed: 21, parameters).cuts(stream)
      #expect(chunker.cuts(stream).positions == expected)
      for bound in [1000, 20_000, 300_000] {
        #expect(chunker.cuts(stream) { 1 + random.below(bound) } == expected)
      }
    }
  }

  /// Five bytes whose repetition has a candidate in every fifth position, which an attacker who knew the secret could
  /// write.
  private func crowdedPattern(_ random: inout Randomness) throws -> [UInt8] {
    let probe = Chunker(seed: 21, try ChunkParameters(minimum: 4096, target: 1 << 20, maximum: 1 << 20))
    for _ in 0..<20_000 {
      let pattern = random.bytes(5)
      let decisions = probe.cuts((0..<4200).map { pattern[$0 % 5] }).decisions
      if decisions >= 20 { return pattern }
    }
    throw Failure(.defect, "no pattern found")
  }

  @Test("ends a stream with what is left, and only says nil to nothing at all")
  func ends() throws {
    let chunker = Chunker(seed: 1, try smallParameters())
    #expect(chunker.cuts([]).positions == [])
    for count in [1, 63, 64, 65, 4095, 4096, 4097] {
      let stream = [UInt8](repeating: 5, count: count)
      #expect(chunker.cuts(stream).positions == [count])
      var search = CutSearch()
      #expect(stream.withUnsafeBytes { chunker.cut($0, &search, isLast: false) } == nil)
    }
    var search = CutSearch()
    let full = [UInt8](repeating: 5, count: 65_536)
    #expect(full.withUnsafeBytes { chunker.cut($0, &search, isLast: false) } == 65_536)
  }

  @Test("finds its old cuts again behind an insertion and a deletion")
  func resynchronises() throws {
    var random = Randomness(seed: 5)
    let chunker = Chunker(seed: 2, try smallParameters())
    let before = random.bytes(4 << 20)
    let known = Set(chunks(before, chunker))
    #expect(known.count > 200)
    for _ in 0..<10 {
      var after = before
      let place = random.below(after.count - 500)
      after.insert(contentsOf: random.bytes(1 + random.below(300)), at: place)
      let gap = random.below(after.count - 500)
      after.removeSubrange(gap..<(gap + 100))
      let fresh = chunks(after, chunker).filter { !known.contains($0) }
      #expect((1...24).contains(fresh.count))
    }
  }

  @Test("cuts elsewhere under another secret, in either half of it")
  func secrets() throws {
    var random = Randomness(seed: 6)
    let stream = random.bytes(2 << 20)
    let parameters = try smallParameters()
    let first = random.bytes(32)
    let base = first.withUnsafeBytes { Chunker(secret: $0, parameters: parameters) }.cuts(stream).positions.dropLast()
    for index in [0, 7, 8, 15, 16, 23, 24, 31] {
      var other = first
      other[index] ^= 1
      let cuts = other.withUnsafeBytes { Chunker(secret: $0, parameters: parameters) }.cuts(stream).positions.dropLast()
      // Under another decision key the candidates stay, and some are cuts under both by chance.
      #expect(Set(cuts).intersection(base).count <= (index < 16 ? 2 : base.count / 4))
    }
  }

  private func chunks(_ stream: [UInt8], _ chunker: Chunker) -> [ArraySlice<UInt8>] {
    var start = 0
    return chunker.cuts(stream).positions.map { end in
      defer { start = end }
      return stream[start..<end]
    }
  }
}
