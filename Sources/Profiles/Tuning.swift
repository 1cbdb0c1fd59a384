/// Choices between time and space; nil leaves them to the product.
package struct Tuning: Sendable, Equatable {
  /// The levels of zstd that may be chosen: above them a writer needs more memory than a backup may take.
  package static let compressionLevels = 1...15
  /// The numbers of worker threads that may be chosen.
  package static let threadCounts = 1...256
  /// The words for `ReferenceCache`, as profiles and command lines write them.
  package static let referenceCaches: [(String, ReferenceCache)] = [
    ("disk", .disk), ("memory", .memory), ("off", .off),
  ]

  /// Where the chunks of recent dumps are kept, sealed, so that a day's changes can be stored as differences.
  package enum ReferenceCache: String, Sendable {
    /// In the state folder.
    case disk
    /// In memory that outlives the run but not the machine's next start.
    case memory
    /// Nowhere: changed chunks are stored full.
    case off
  }

  /// The level of zstd.
  package var compression: Int?
  /// How many threads compress and seal.
  package var threads: Int?
  /// Where the reference cache lies; on disk unless told otherwise.
  package var cache: ReferenceCache?
  /// How large it may get.
  package var cacheSize: ByteCount?

  package init(
    compression: Int? = nil, threads: Int? = nil, cache: ReferenceCache? = nil, cacheSize: ByteCount? = nil
  ) {
    self.compression = compression
    self.threads = threads
    self.cache = cache
    self.cacheSize = cacheSize
  }

  init(_ section: Section) {
    compression = section.field("compression", "the level of zstd")?.integer(Tuning.compressionLevels)
    threads = section.field("threads", "how many threads compress and seal")?.integer(Tuning.threadCounts)
    cache = section.field("cache", "where recent dumps are kept, sealed, to store changes as differences")?.choice(
      Tuning.referenceCaches)
    cacheSize = section.field("cache-size", "how large that may get")?.byteCount()
    section.end()
  }
}
