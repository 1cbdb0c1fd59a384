package import Bytes
import Chunking
import Cryptography
import Format

/// Fills a reference cache from what the store holds, for a host that lost its own: what only a restorer can do.
package struct ReferenceRebuild: Sendable {
  private let run: ReferenceRun
  private let source: BlobSource

  /// Opens the cache of the snapshot's component; what is in it stays until `finish`.
  ///
  /// - Parameters:
  ///   - path: the component's folder of the cache
  ///   - limit: bytes that the folder may come to
  ///   - snapshot: the dump that the next run is to build on
  ///   - access: the restorer
  ///   - source: opens the snapshot's blobs
  package init(
    _ path: String, limit: UInt64, snapshot: ListedSnapshot, access: RestorerAccess, source: BlobSource
  ) throws(Failure) {
    let chunking = snapshot.writer.enrolment.chunking
    let origin = ReferenceFolder.Origin(
      writer: snapshot.writer.id, epoch: snapshot.snapshot.epoch,
      chunking: [chunking.minimum, chunking.target, chunking.maximum])
    run = try ReferenceRun(path, limit: limit, origin: origin, content: try access.contentSecret(of: snapshot.writer))
    self.source = source
  }

  /// One thread's work: the entry of a chunk by its name; nil if there is no room for it.
  package func makeWork(level: Int32) throws(Failure) -> (Name) throws(Failure) -> ReferenceRow? {
    let tools = ReferenceTools(run)
    let encoder = try BlobEncoder(CompressionPolicy(fixed: level), tools: nil)
    let finder = run.finder()
    let reader = BlobReader(source)
    return { (name) throws(Failure) in
      let plain = try reader.whole(name, .data)
      return try plain.withUnsafeBufferPointer { (plain) throws(Failure) -> ReferenceRow? in
        let bytes = UnsafeRawBufferPointer(plain)
        guard let print = finder.print(of: bytes) else { return nil }
        let encoding = try encoder.encodeFull(bytes)
        return encoder.withContent { content in
          tools.add(name, bytes, content, flags: encoding.flags, print: print, base: nil)
        }
      }
    }
  }

  /// Takes the entries in the order of the dump.
  package func append(_ row: ReferenceRow) { run.append(row) }

  /// Makes the dump the one that the next run builds on.
  ///
  /// - Returns: bytes that the cache comes to now
  /// - Throws: `stateFailed` if it could not be written
  package func finish() throws(Failure) -> UInt64 {
    if let cache = run.promote() { return cache.size }
    throw Failure(
      .stateFailed, "the reference cache was not made: \(run.problem ?? "the snapshot has no chunks")",
      next: "Make room in the state folder, or name another one with LIFEBOAT_STATE.")
  }
}
