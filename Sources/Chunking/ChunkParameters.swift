package import Bytes

/// How long chunks may be, in bytes. Part of a writer's enrolment: another choice cuts elsewhere, so that nothing
/// stored before is found again.
package struct ChunkParameters: Hashable, Sendable {
  /// The longest chunk that any reader accepts: 4 MiB.
  package static let limit = 4 << 20
  /// The shortest minimum: far more than the 64 bytes that a decision looks at.
  package static let floor = 4096
  /// What a new writer gets: 64 KiB, 256 KiB, 1 MiB. Random data gives chunks of 254 KiB in the mean.
  ///
  /// Measured with targets of 64 KiB to 1 MiB, a quarter of it as the minimum and four times as the maximum; frames
  /// alone, in MB: the first day at level 1, then the second as deltas at level 3 against the chunk of the first that
  /// begins or ends alike:
  ///
  ///     target                    64 KiB        128 KiB       256 KiB       512 KiB       1 MiB
  ///     orders, plain, 356 MB     103.0  4.27   101.5  4.26   101.8  2.86   101.6  2.67   101.5  4.01
  ///     MariaDB, 242 MB            81.8  1.33    82.3  1.47    81.9  1.24    81.9  1.84    81.9  0.98
  ///     pgbench, base backup       34.8  9.17    32.9  7.25    31.4  6.52    30.8  7.09    30.5  6.17
  ///     pgbench, plain, 390 MB      4.4  3.07     4.4  3.00     4.3  2.42     4.3  3.22     4.2  3.29
  ///
  /// So the size hardly matters once there are deltas (a cut that moves costs more than the size does). A chunk and
  /// its base of 256 KiB fit the second-level cache of a core, where a delta decodes at 18 GB/s; smaller ones cost
  /// index and seals (about 200 bytes each).
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
