import Bytes
import Chunking
import Cryptography

/// What the reference cache offers for one chunk, before anybody knows whether the chunk is new.
package struct BaseHint: Sendable {
  let print: ChunkPrint
  /// The chunk of the newest dump that looks the same: its entry is kept if it is the same, and it is the base where
  /// the ladder's dump has none.
  let newest: ReferenceRow?
  /// The chunk of the ladder's dump that looks the same.
  let base: ReferenceRow?
}

/// Finds what each chunk of a dump was in earlier dumps. Belongs to the thread that cuts: a chunk's place in the order
/// says as much as its ends.
package final class BaseFinder {
  private let hash: SipHash
  private var newest: RollWindow?
  /// Nil where the ladder's dump is the newest.
  private var base: RollWindow?

  init(hash: SipHash, newest: consuming RollWindow?, base: consuming RollWindow?) {
    self.hash = hash
    self.newest = consume newest
    self.base = consume base
  }

  /// The ends of a chunk; nil for one too short to be worth it.
  func print(of chunk: UnsafeRawBufferPointer) -> ChunkPrint? {
    guard chunk.count >= 2 * ChunkPrint.window, let start = chunk.baseAddress else { return nil }
    return ChunkPrint(
      head: hash.hash64(start), tail: hash.hash64(start + (chunk.count - ChunkPrint.window)))
  }

  /// What there is for the next chunk of the dump; nil for one too short to be worth it.
  package func find(_ chunk: UnsafeRawBufferPointer) -> BaseHint? {
    guard let print = print(of: chunk) else { return nil }
    let newestRow = newest?.find(print)
    guard base != nil else { return BaseHint(print: print, newest: newestRow?.row, base: newestRow?.row) }
    let baseRow = base?.find(print)
    // A chunk that the ladder's dump can only guess at may be one of those that came since.
    let isBetterNewest = newestRow?.isGuess == false && baseRow?.isGuess != false
    return BaseHint(print: print, newest: newestRow?.row, base: isBetterNewest ? newestRow?.row : baseRow?.row)
  }
}
