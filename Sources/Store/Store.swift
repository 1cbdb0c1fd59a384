package import Bytes

/// A place for named immutable bytes: everything lifeboat asks of a directory, a bucket or a server.
///
/// A store is hostile or broken until proven otherwise: it may lose, hide, change or invent objects. What it returns
/// is checked above. All methods may be called from any number of threads and processes at once, and block.
///
/// Failures of a store are `storeMissing`, `storeExists`, `storeDenied`, `storeFull` or `storeUnavailable`. An error
/// on the way, or one of the disk, is never `damaged`: that word is for bytes which arrived and are wrong.
package protocol Store: Sendable {
  /// Where the store is, for people; never with a secret in it.
  var description: String { get }

  /// What the store says of itself.
  var traits: StoreTraits { get }

  /// Stores a new object. Nothing that exists is ever replaced: throws `storeExists`, and leaves it as it is.
  ///
  /// Of several that put one path at the same time exactly one succeeds, if `traits.refusesOverwrites`. On return the
  /// bytes are whole, listed, and survive a power loss. If it throws, the object is there as a whole or not at all.
  ///
  /// - Parameters:
  ///   - path: where
  ///   - bytes: what
  ///   - digest: the SHA-256 of the bytes where it is known: a store that needs it need not compute it again
  func put(_ path: StorePath, _ bytes: UnsafeRawBufferPointer, digest: Name?) throws(Failure)

  /// Reads an object or a part of it into `buffer`; throws `storeMissing` if there is none.
  ///
  /// - Parameters:
  ///   - path: the object
  ///   - range: the bytes wanted; nil for all
  ///   - buffer: gets them from its front; no more are read than fit
  /// - Returns: how many bytes were read; fewer than wanted means exactly that the object ends there
  func read(
    _ path: StorePath, _ range: Range<UInt64>?, into buffer: UnsafeMutableRawBufferPointer
  ) throws(Failure) -> Int

  /// The size of an object in bytes; nil if there is none.
  func size(of path: StorePath) throws(Failure) -> UInt64?

  /// Calls `each` for every object whose path begins with `prefix`, in any order.
  ///
  /// Objects that come or go meanwhile may be seen or not; every other is seen exactly once, if
  /// `traits.listsConsistently`. What `each` throws ends the listing.
  func list(_ prefix: String, _ each: (StoredObject) throws(Failure) -> Void) throws(Failure)

  /// The names that paths beginning with `prefix` go on with up to their next slash, each once, in any order: the
  /// folders in a folder, without a look at what is in them. Objects that lie there themselves are left out.
  ///
  /// - Parameter prefix: empty, or ending with a slash
  func folders(in prefix: String) throws(Failure) -> [String]

  /// Looks for other bytes under the same path, once those that `read` returned were found wrong: an older version, a
  /// copy elsewhere.
  ///
  /// - Parameters:
  ///   - path: the object whose bytes are wrong, or that is missing
  ///   - digest: the SHA-256 that they must have
  /// - Returns: true if such bytes were found and verified; `read` returns them from now on
  func findIntact(_ path: StorePath, digest: Name) throws(Failure) -> Bool

  /// Removes an object; nothing happens if there is none. It may come back after a power loss.
  func delete(_ path: StorePath) throws(Failure)

  /// How many bytes can still be stored; nil where the store does not know.
  func freeBytes() throws(Failure) -> UInt64?
}

/// One line of a listing.
package struct StoredObject: Hashable, Sendable {
  /// Where the object lies.
  package let path: StorePath
  /// Its size in bytes.
  package let size: UInt64

  package init(path: StorePath, size: UInt64) {
    self.path = path
    self.size = size
  }
}

/// What a store says of itself. Claims, not proofs: an audit probes them.
package struct StoreTraits: Sendable, Equatable {
  /// What it is, in a word: `local`, `s3`.
  package var kind: String
  /// A put to a path that exists fails even when two come at the same time.
  package var refusesOverwrites: Bool
  /// What a put has acknowledged survives a power loss.
  package var survivesPowerLoss: Bool
  /// A listing shows every object that was put before it began.
  package var listsConsistently: Bool

  /// Whether an answer takes so long that it pays to ask many things at the same time, and ahead.
  package var isFar: Bool { kind != "local" && kind != "memory" }

  package init(kind: String, refusesOverwrites: Bool, survivesPowerLoss: Bool, listsConsistently: Bool) {
    self.kind = kind
    self.refusesOverwrites = refusesOverwrites
    self.survivesPowerLoss = survivesPowerLoss
    self.listsConsistently = listsConsistently
  }
}

extension Store {
  /// Stores a new object whose SHA-256 nobody knows yet.
  package func put(_ path: StorePath, _ bytes: UnsafeRawBufferPointer) throws(Failure) {
    try put(path, bytes, digest: nil)
  }

  /// Stores a new object from an array.
  package func put(_ path: StorePath, _ bytes: [UInt8], digest: Name? = nil) throws(Failure) {
    try bytes.withUnsafeBufferPointer { (buffer) throws(Failure) in
      try put(path, UnsafeRawBufferPointer(buffer), digest: digest)
    }
  }

  /// Reads a whole object.
  ///
  /// - Parameters:
  ///   - path: the object
  ///   - limit: the largest size that its kind may have, in bytes; a longer object throws `damaged`
  package func read(_ path: StorePath, limit: Int) throws(Failure) -> [UInt8] {
    // Pages that are never written cost nothing, and one byte more than allowed tells a longer object.
    var buffer = Buffer(capacity: limit + 1)
    buffer.count = try buffer.withCapacity { (room) throws(Failure) in try read(path, nil, into: room) }
    guard buffer.count <= limit else {
      throw Failure(.damaged, "the object is longer than its kind may be (\(limit) bytes)", at: path.text)
    }
    return buffer.withBytes { Array($0) }
  }

  /// All objects whose path begins with `prefix`, sorted by path. For listings that fit in memory.
  package func list(_ prefix: String) throws(Failure) -> [StoredObject] {
    var objects: [StoredObject] = []
    try list(prefix) { (object) throws(Failure) in objects.append(object) }
    return objects.sorted { $0.path < $1.path }
  }

  /// Whether there is an object.
  package func contains(_ path: StorePath) throws(Failure) -> Bool { try size(of: path) != nil }
}
