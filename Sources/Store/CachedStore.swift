package import Bytes

/// Keeps verified copies of some objects in a local folder: of those that every run reads again, such as the index.
///
/// Copies are disposable. One that does not verify is dropped and fetched anew; deleting the folder costs time only.
/// A cache that cannot be written throws `stateFailed`: going on without would hide a full disk until it is worse.
package final class CachedStore: Store {
  /// Tells whether bytes are the whole object with this path, as a rule by the name that its path ends with.
  package typealias Verify = @Sendable (StorePath, UnsafeRawBufferPointer) -> Bool

  private let base: any Store
  private let prefixes: [String]
  private let cache: CacheFolder
  private let isWhole: Verify

  /// - Parameters:
  ///   - base: the store behind
  ///   - folder: where the copies lie; made if it isn't there
  ///   - prefixes: the beginnings of the paths to keep copies of
  ///   - limit: how much all copies may come to, in bytes
  ///   - verify: whether bytes are the whole object, and one to keep
  package init(
    _ base: any Store, in folder: String, prefixes: [String], limit: UInt64, verify: @escaping Verify
  ) throws(Failure) {
    self.base = base
    self.prefixes = prefixes
    isWhole = verify
    cache = try CacheFolder(folder, limit: limit)
  }

  package var description: String { base.description }

  package var traits: StoreTraits { base.traits }

  package func put(_ path: StorePath, _ bytes: UnsafeRawBufferPointer) throws(Failure) {
    try base.put(path, bytes)
    if isCached(path), isWhole(path, bytes) { try cache.keep(path, bytes) }
  }

  package func read(
    _ path: StorePath, _ range: Range<UInt64>?, into buffer: UnsafeMutableRawBufferPointer
  ) throws(Failure) -> Int {
    guard isCached(path) else { return try base.read(path, range, into: buffer) }
    if let count = copy(path, range, into: buffer) { return count }
    let count = try base.read(path, range, into: buffer)
    // Only a whole object can be verified, and only a verified one is worth keeping.
    let bytes = UnsafeRawBufferPointer(rebasing: buffer[..<count])
    if range == nil, isWhole(path, bytes) { try cache.keep(path, bytes) }
    return count
  }

  package func size(of path: StorePath) throws(Failure) -> UInt64? { try base.size(of: path) }

  package func list(_ prefix: String, _ each: (StoredObject) throws(Failure) -> Void) throws(Failure) {
    try base.list(prefix, each)
  }

  package func delete(_ path: StorePath) throws(Failure) {
    try base.delete(path)
    if isCached(path) { cache.remove(path.text) }
  }

  package func freeBytes() throws(Failure) -> UInt64? { try base.freeBytes() }

  private func isCached(_ path: StorePath) -> Bool { prefixes.contains { path.text.hasPrefix($0) } }

  /// What a verified copy has of the range; nil if there is none.
  private func copy(
    _ path: StorePath, _ range: Range<UInt64>?, into buffer: UnsafeMutableRawBufferPointer
  ) -> Int? {
    guard let size = cache.size(of: path) else { return nil }
    if range == nil, size <= UInt64(buffer.count) {
      // The usual case: straight to where it is wanted.
      if let count = cache.read(path, into: buffer),
        isWhole(path, UnsafeRawBufferPointer(rebasing: buffer[..<count]))
      {
        return count
      }
    } else if let count = copyPart(path, size, range ?? 0..<size, into: buffer) {
      return count
    }
    cache.remove(path.text)
    return nil
  }

  private func copyPart(
    _ path: StorePath, _ size: UInt64, _ range: Range<UInt64>, into buffer: UnsafeMutableRawBufferPointer
  ) -> Int? {
    var whole = Buffer(capacity: Int(size))
    whole.count = whole.withCapacity { cache.read(path, into: $0) ?? 0 }
    return whole.withBytes { bytes in
      guard isWhole(path, bytes) else { return nil }
      let start = Int(min(range.lowerBound, UInt64(bytes.count)))
      let end = Int(min(range.upperBound, UInt64(bytes.count)))
      let part = UnsafeRawBufferPointer(rebasing: bytes[start..<end].prefix(buffer.count))
      buffer.copyMemory(from: part)
      return part.count
    }
  }
}
