import Bytes
import Chunking
import Testing

@Suite("Chunk lengths")
struct DistributionTests {
  @Test("keep to minimum and maximum, with the mean and the spread that the documentation gives")
  func distribution() throws {
    var random = Randomness(seed: 20)
    let parameters = try smallParameters()
    let stream = random.bytes(32 << 20)
    let cuts = Chunker(seed: 21, parameters).cuts(stream).positions
    let lengths = zip(cuts, [0] + cuts).map { $0 - $1 }
    #expect(lengths.dropLast().allSatisfy { (parameters.minimum...parameters.maximum).contains($0) })
    // minimum + 0.989 (target - minimum) = 16 251
    let mean = stream.count / lengths.count
    #expect((15_800...16_700).contains(mean), "mean \(mean)")
    let reached = lengths.count { $0 >= parameters.target }
    #expect((57...65).contains(100 * reached / lengths.count), "\(reached) of \(lengths.count) reach the target")
    #expect(lengths.count { $0 == parameters.maximum } <= 2)
  }

  @Test("are refused unless they rise from 4096 bytes to 4 MiB")
  func parameters() throws {
    #expect(try ChunkParameters(minimum: 64 << 10, target: 256 << 10, maximum: 1 << 20) == .standard)
    let refused = [
      (4095, 8192, 16_384), (8192, 8191, 16_384), (8192, 16_384, 16_383), (8192, 16_384, (4 << 20) + 1),
      (0, 0, 0), (-1, 1, 1), (Int.min, Int.max, Int.max),
    ]
    for (minimum, target, maximum) in refused {
      let failure = #expect(throws: Failure.self) {
        try ChunkParameters(minimum: minimum, target: target, maximum: maximum)
      }
      #expect(failure?.code == .damaged)
    }
  }

  @Test("are all the maximum where minimum, target and maximum are one")
  func fixed() throws {
    var random = Randomness(seed: 22)
    let parameters = try ChunkParameters(minimum: 4096, target: 4096, maximum: 4096)
    let cuts = Chunker(seed: 1, parameters).cuts(random.bytes(40_960)).positions
    #expect(cuts == (1...10).map { 4096 * $0 })
  }
}
