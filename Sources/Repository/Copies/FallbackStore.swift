package import Bytes
import Format
package import Store
import Synchronization

/// A store with copies of it: what is missing or damaged in the store itself is read from there.
///
/// - Listings show what any of them has, the store itself first: a lost object that a copy has is not lost.
/// - An object is taken from a copy only once all its bytes there were compared with its name.
/// - A store that does not answer hides nothing: its failure is thrown, never taken for a missing object. A copy that
///   does not answer is told of and passed over.
/// - Puts and deletes go to the store itself. A writer must not use this: what its snapshots rely on must be there.
package final class FallbackStore: Store {
  /// The store itself.
  package let primary: any Store
  private let copies: [StoreCopy]
  private let notices: NoticeSink
  private let searches = IntactSearches()
  private let state = Mutex(State())

  private struct State {
    var sources: [StorePath: Source] = [:]
    /// Copies that were told of as unusable.
    var blamed: Set<String> = []
  }

  /// Where the bytes of an object come from, other than from where they should.
  private struct Source {
    let copy: StoreCopy
    let size: UInt64
  }

  /// - Parameters:
  ///   - primary: the store itself
  ///   - copies: in the order in which they are asked
  ///   - notices: gets what was taken from where, and which copies are of no use
  package init(_ primary: any Store, copies: [StoreCopy], notices: @escaping NoticeSink) {
    self.primary = primary
    self.copies = copies
    self.notices = notices
  }

  /// What was taken from copies so far, by path.
  package var taken: [TakenObject] {
    state.withLock { $0.sources }.map { TakenObject(path: $0.key.text, from: $0.value.copy.name) }
      .sorted { $0.path < $1.path }
  }

  package var description: String { primary.description }

  package var traits: StoreTraits {
    var traits = primary.traits
    traits.listsConsistently = traits.listsConsistently && copies.allSatisfy { $0.store.traits.listsConsistently }
    return traits
  }

  package func put(_ path: StorePath, _ bytes: UnsafeRawBufferPointer, digest: Name?) throws(Failure) {
    try primary.put(path, bytes, digest: digest)
  }

  package func delete(_ path: StorePath) throws(Failure) { try primary.delete(path) }

  package func freeBytes() throws(Failure) -> UInt64? { try primary.freeBytes() }

  package func read(
    _ path: StorePath, _ range: Range<UInt64>?, into buffer: UnsafeMutableRawBufferPointer
  ) throws(Failure) -> Int {
    if let source = source(of: path) { return try source.copy.store.read(path, range, into: buffer) }
    do throws(Failure) {
      return try primary.read(path, range, into: buffer)
    } catch {
      guard error.code == .storeMissing, let object = ObjectPath(path.text), try findIntact(path, digest: object.name)
      else { throw error }
      return try (source(of: path)?.copy.store ?? primary).read(path, range, into: buffer)
    }
  }

  package func size(of path: StorePath) throws(Failure) -> UInt64? {
    if let source = source(of: path) { return source.size }
    if let size = try primary.size(of: path) { return size }
    for copy in copies {
      do throws(Failure) {
        if let size = try copy.store.size(of: path) { return size }
      } catch {
        blame(copy, error)
      }
    }
    return nil
  }

  package func findIntact(_ path: StorePath, digest: Name) throws(Failure) -> Bool {
    try searches.isFound(path) { () throws(Failure) in try look(for: path, digest) }
  }

  /// Looks in the store itself, then in the copies. Not final if a copy could not be asked.
  private func look(for path: StorePath, _ digest: Name) throws(Failure) -> (isFound: Bool, isFinal: Bool) {
    if try ObjectStore.asks({ () throws(Failure) in try primary.findIntact(path, digest: digest) }) {
      return (true, true)
    }
    // Bytes may have been changed on their way, or a blob may be wrong in a pack that is just as its writer made it:
    // no copy has better ones then.
    if try WholeObject.intactSize(of: path, digest: digest, in: primary) != nil { return (true, true) }
    var isFinal = true
    for copy in copies {
      do throws(Failure) {
        guard let size = try WholeObject.intactSize(of: path, digest: digest, in: copy.store) else { continue }
        state.withLock { $0.sources[path] = Source(copy: copy, size: size) }
        notices(.taken(path: path.text, from: copy.name))
        return (true, true)
      } catch {
        blame(copy, error)
        isFinal = false
      }
    }
    return (false, isFinal)
  }

  private func source(of path: StorePath) -> Source? { state.withLock { $0.sources[path] } }

  /// Tells once of a copy that does not answer.
  private func blame(_ copy: StoreCopy, _ failure: Failure) {
    let isNew = state.withLock { $0.blamed.insert(copy.name).inserted }
    if isNew { notices(.degraded("the copy in \(copy.name) cannot be used: \(failure.description)")) }
  }
}

// MARK: - Listings

extension FallbackStore {
  package func list(_ prefix: String, _ each: (StoredObject) throws(Failure) -> Void) throws(Failure) {
    var seen: Set<StorePath> = []
    var statements: Set<UInt64> = []
    try primary.list(prefix) { (object) throws(Failure) in
      seen.insert(object.path)
      if case .authority(let number, _) = ObjectPath(object.path.text) { statements.insert(number) }
      try each(StoredObject(path: object.path, size: source(of: object.path)?.size ?? object.size))
    }
    for copy in copies {
      for object in listed(prefix, in: copy) where seen.insert(object.path).inserted {
        // What else lies in a copy is nobody's business, and of two statements of one number it is the other's that
        // was planted.
        guard let path = ObjectPath(object.path.text) else { continue }
        if case .authority(let number, _) = path, !statements.insert(number).inserted { continue }
        try each(object)
      }
    }
  }

  package func folders(in prefix: String) throws(Failure) -> [String] {
    var folders = Set(try primary.folders(in: prefix))
    for copy in copies {
      do throws(Failure) {
        folders.formUnion(try copy.store.folders(in: prefix))
      } catch {
        blame(copy, error)
      }
    }
    return Array(folders)
  }

  /// What a copy lists, as far as it does.
  private func listed(_ prefix: String, in copy: StoreCopy) -> [StoredObject] {
    var objects: [StoredObject] = []
    do throws(Failure) {
      try copy.store.list(prefix) { (object) throws(Failure) in objects.append(object) }
    } catch {
      blame(copy, error)
    }
    return objects
  }

  /// Which copies have an object.
  ///
  /// - Parameter isRead: compare all its bytes with the digest; otherwise it only has to be there
  /// - Returns: their names
  package func holders(of path: StorePath, digest: Name, isRead: Bool) -> [String] {
    copies.compactMap { copy in
      do throws(Failure) {
        let size =
          isRead
          ? try WholeObject.intactSize(of: path, digest: digest, in: copy.store) : try copy.store.size(of: path)
        return size == nil ? nil : copy.name
      } catch {
        blame(copy, error)
        return nil
      }
    }
  }
}
