import Bytes

/// What is known to be wrong with packs, and with single blobs in them.
struct PackFaults: Sendable {
  /// How many blobs of a pack were looked at one by one, and how many of them are lost.
  struct Trial: Sendable {
    var blobs = 0
    var lost = 0
    /// False if some could not be opened for want of a key, and count as lost.
    var isExact = true
  }

  /// Why a pack is not what it should be; the first reason found.
  private(set) var reasons: [Int: Failure] = [:]
  private(set) var trials: [Int: Trial] = [:]
  private var lost: Set<UInt64> = []

  /// True if the blob cannot be read from this place.
  func isLost(_ location: BlobLocation) -> Bool { !lost.isEmpty && lost.contains(PackFaults.key(location)) }

  mutating func add(_ reason: Failure, pack: Int) {
    if reasons[pack] == nil { reasons[pack] = reason }
  }

  mutating func lose(_ location: BlobLocation) { lost.insert(PackFaults.key(location)) }

  mutating func note(_ trial: Trial, pack: Int) { trials[pack] = trial }

  private static func key(_ location: BlobLocation) -> UInt64 {
    UInt64(location.pack) << 32 | UInt64(location.offset)
  }
}
