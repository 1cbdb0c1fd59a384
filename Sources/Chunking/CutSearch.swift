/// How far the search for the next cut has come: kept by the caller between two calls of `Chunker.cut`, so that no
/// byte is searched twice however the stream arrives. Starts over by itself at each cut.
package struct CutSearch: ~Copyable, @unchecked Sendable {
  /// How many bytes after the last cut were searched; zero until there is a chunk of the minimum length. Bytes that fill
  /// no whole block wait for more.
  package internal(set) var searched = 0
  /// How many candidates were decided since the search was made; not reset at a cut. What the scan costs beyond
  /// the gear loop: about one in 1024 bytes on random data, none on constant bytes.
  package internal(set) var decisions = 0
  /// The gear value after the byte before `searched`.
  var gear: UInt64 = 0

  /// Room for the candidates of one block of lanes.
  let candidates: UnsafeMutablePointer<UInt16>

  /// At the start of a stream.
  package init() { candidates = .allocate(capacity: GearLanes.block) }

  deinit { candidates.deallocate() }

  mutating func startOver() {
    searched = 0
    gear = 0
  }
}
