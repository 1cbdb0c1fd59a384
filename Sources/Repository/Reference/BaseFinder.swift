import Bytes
import Chunking
import Cryptography

/// A chunk that was cut and not yet named.
package struct CutChunk: Sendable {
  /// Bytes.
  package let length: Int
  /// What the reference cache offers for it.
  package let hint: BaseHint?

  package init(length: Int, hint: BaseHint?) {
    self.length = length
    self.hint = hint
  }
}

/// What the reference cache offers for one chunk, before anybody knows whether the chunk is new.
package struct BaseHint: Sendable {
  let print: ChunkPrint
  /// The newest chunk that looks the same: its entry is kept if it is the same.
  let newest: ReferenceRow?
  /// The oldest chunk that looks the same, of those that the ladder offers.
  let base: ReferenceRow?
}

/// Finds what each chunk of a dump was in earlier dumps. Belongs to the thread that cuts: a chunk's place in the order
/// says as much as its ends.
package final class BaseFinder {
  private let hash: SipHash
  /// The dumps that may be built on, the ladder's first, the newest last.
  private let windows: [RollWindow]

  init(hash: SipHash, windows: [RollWindow]) {
    self.hash = hash
    self.windows = windows
  }

  /// The ends of a chunk; nil for one too short to be worth it.
  func print(of chunk: UnsafeRawBufferPointer) -> ChunkPrint? {
    guard chunk.count >= 2 * ChunkPrint.window, let start = chunk.baseAddress else { return nil }
    return ChunkPrint(
      head: hash.hash64(start), tail: hash.hash64(start + (chunk.count - ChunkPrint.window)),
      length: UInt32(chunk.count))
  }

  /// What there is for the next chunk of the dump; nil for one too short to be worth it.
  ///
  /// The oldest dump that has the chunk gives the base, so that what came since the ladder's dump is not built on
  /// yesterday every day: that would be a chain as long as there are days.
  package func find(_ chunk: UnsafeRawBufferPointer) -> BaseHint? {
    guard let print = print(of: chunk) else { return nil }
    var found: ReferenceRow?
    var guess: ReferenceRow?
    var newest: ReferenceRow?
    for window in windows {
      // Each window is asked for each chunk, for that is how it keeps its place.
      guard let match = window.find(print) else { continue }
      newest = match.row
      if match.isGuess { guess = guess ?? match.row } else { found = found ?? match.row }
    }
    return BaseHint(print: print, newest: newest, base: found ?? guess)
  }
}
