package import Bytes

/// How long chunks may be, in bytes. Part of a writer's enrolment: another choice cuts elsewhere, so that nothing
/// stored before is found again.
package struct ChunkParameters: Hashable, Sendable {
  /// The longest chunk that any reader accepts: 4 MiB.
  package static let limit = 4 << 20
  /// The shortest minimum: far more than the 64 bytes that a decision looks at.
  package static let floor = 4096
  /// What a new writer gets: 64 KiB, 256 KiB, 1 MiB. Random data gives chunks of 254 KiB in the mean.
  package static let standard = ChunkParameters(checked: 64 << 10, 256 << 10, 1 << 20)

  /// No chunk but the last of a stream is shorter.
  package let minimum: Int
  /// Where cutting gets easier, and about the mean; see `Chunker` for the distribution.
  package let target: Int
  /// No chunk is longer.
  package let maximum: Int

  /// Throws `damaged` unless 4096 ≤ minimum ≤ target ≤ maximum ≤ 4 MiB: the numbers come from a stored enrolment.
  package init(minimum: Int, target: Int, maximum: Int) throws(Failure) {
    guard ChunkParameters.floor <= minimum, minimum <= target, target <= maximum, maximum <= ChunkParameters.limit
    else {
      throw Failure(
        .damaged,
        "chunk lengths \(minimum), \(target), \(maximum) do not rise from \(ChunkParameters.floor) "
          + "to \(ChunkParameters.limit)")
    }
    self.init(checked: minimum, target, maximum)
  }

  private init(checked minimum: Int, _ target: Int, _ maximum: Int) {
    self.minimum = minimum
    self.target = target
    self.maximum = maximum
  }
}
