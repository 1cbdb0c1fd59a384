package import Bytes
package import Pipeline

/// Holds the puts and reads of a store back to so many bytes a second each way; for stores that do not do so
/// themselves while they transfer.
package final class LimitedStore: Store {
  private let base: any Store
  private let upload: RateLimit?
  private let download: RateLimit?
  private let stop: StopSignal

  /// - Parameters:
  ///   - base: the store
  ///   - upload: for bytes that are put; nil for no limit
  ///   - download: for bytes that are read; nil for no limit
  ///   - stop: ends every wait
  package init(_ base: any Store, upload: RateLimit?, download: RateLimit?, stop: StopSignal) {
    self.base = base
    self.upload = upload
    self.download = download
    self.stop = stop
  }

  package var description: String { base.description }

  package var traits: StoreTraits { base.traits }

  package func put(_ path: StorePath, _ bytes: UnsafeRawBufferPointer, digest: Name?) throws(Failure) {
    try upload?.take(bytes.count, stop: stop)
    try base.put(path, bytes, digest: digest)
  }

  package func read(
    _ path: StorePath, _ range: Range<UInt64>?, into buffer: UnsafeMutableRawBufferPointer
  ) throws(Failure) -> Int {
    let count = try base.read(path, range, into: buffer)
    try download?.take(count, stop: stop)
    return count
  }

  package func size(of path: StorePath) throws(Failure) -> UInt64? { try base.size(of: path) }

  package func list(_ prefix: String, _ each: (StoredObject) throws(Failure) -> Void) throws(Failure) {
    try base.list(prefix, each)
  }

  package func folders(in prefix: String) throws(Failure) -> [String] { try base.folders(in: prefix) }

  package func findIntact(_ path: StorePath, digest: Name) throws(Failure) -> Bool {
    try base.findIntact(path, digest: digest)
  }

  package func delete(_ path: StorePath) throws(Failure) { try base.delete(path) }

  package func freeBytes() throws(Failure) -> UInt64? { try base.freeBytes() }
}
