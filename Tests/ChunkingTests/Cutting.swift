import Bytes
import Chunking

/// Lengths small enough to see many chunks in little data.
func smallParameters() throws -> ChunkParameters {
  try ChunkParameters(minimum: 4096, target: 16384, maximum: 65536)
}

extension Chunker {
  /// A chunker under the secret `seed`, `seed` + 1, ….
  init(seed: UInt8, _ parameters: ChunkParameters) {
    let secret = (0..<UInt8(Chunker.secretCount)).map { seed &+ $0 }
    self = secret.withUnsafeBytes { Chunker(secret: $0, parameters: parameters) }
  }

  /// All cut positions of a whole stream, and how many candidates were decided.
  func cuts(_ stream: [UInt8]) -> (positions: [Int], decisions: Int) {
    var search = CutSearch()
    var positions: [Int] = []
    stream.withUnsafeBytes { bytes in
      var rest = bytes
      while let cut = cut(rest, &search, isLast: true) {
        positions.append((positions.last ?? 0) + cut)
        rest = UnsafeRawBufferPointer(rebasing: rest[cut...])
      }
    }
    return (positions, search.decisions)
  }

  /// All cut positions of a stream that arrives in slices of the lengths that `step` gives.
  func cuts(_ stream: [UInt8], step: () -> Int) -> [Int] {
    var search = CutSearch()
    var positions: [Int] = []
    stream.withUnsafeBytes { bytes in
      var start = 0
      var end = 0
      while start < bytes.count {
        let known = UnsafeRawBufferPointer(rebasing: bytes[start..<end])
        if let cut = cut(known, &search, isLast: end == bytes.count) {
          start += cut
          positions.append(start)
        } else {
          end = min(end + step(), bytes.count)
        }
      }
    }
    return positions
  }
}
