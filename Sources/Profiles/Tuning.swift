/// Choices between time and space; nil leaves them to the product.
package struct Tuning: Sendable, Equatable {
  /// The levels of zstd that may be chosen: above them a writer needs more memory than a backup may take.
  package static let compressionLevels = 1...15
  /// The numbers of worker threads that may be chosen.
  package static let threadCounts = 1...256

  /// The level of zstd.
  package var compression: Int?
  /// How many threads compress and seal.
  package var threads: Int?

  package init(compression: Int? = nil, threads: Int? = nil) {
    self.compression = compression
    self.threads = threads
  }

  init(_ section: Section) {
    compression = section.field("compression")?.integer(Tuning.compressionLevels)
    threads = section.field("threads")?.integer(Tuning.threadCounts)
    section.end()
  }
}
