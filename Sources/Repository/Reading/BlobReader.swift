package import Bytes
package import Format
import Store

/// One thread's tools to fetch, open, decompress and verify single blobs: lists, and whatever the fast way through
/// planned chains (`ChainReader`) does not bring.
///
/// Every level of a chain is named again and every copy tried, so that a failure says which pack is wrong.
package final class BlobReader {
  /// What one copy of a blob turned out to be.
  enum Finding {
    case good
    /// This very copy is damaged, forged or gone.
    case bad(Failure)
    /// A delta whose seal is good, and none of whose base's copies can be read: the damage lies there.
    case baseless
  }

  private let source: BlobSource
  private let decoder: BlobDecoder
  private let remembersFailures: Bool
  private var sealed = Buffer(capacity: Limits.chunk + 4096)
  /// Copies that turned out to be unreadable: with several copies at each level of a chain, trying the same ones
  /// again from every level above would take time exponential in the depth.
  private var failed: [UInt64: Failure] = [:]
  /// Where the bytes of lists will be that are read ahead, by place.
  private var expected: [UInt64: PackSpan] = [:]
  private let readsAhead: ([BlobLocation]) throws(Failure) -> [PackSpan]

  package convenience init(_ source: BlobSource) { self.init(source, remembersFailures: false) }

  /// - Parameter readsAhead: has frames read by other threads, and tells where they will be
  package convenience init(
    _ source: BlobSource, readsAhead: @escaping ([BlobLocation]) throws(Failure) -> [PackSpan]
  ) {
    self.init(source, remembersFailures: false, readsAhead: readsAhead)
  }

  /// - Parameter remembersFailures: what failed once stays failed; for looking at very many blobs
  init(
    _ source: BlobSource, remembersFailures: Bool,
    readsAhead: @escaping ([BlobLocation]) throws(Failure) -> [PackSpan] = { _ in [] }
  ) {
    self.source = source
    self.remembersFailures = remembersFailures
    self.readsAhead = readsAhead
    decoder = BlobDecoder(source)
  }

  /// Reads a list: tries every copy, verifies name and shape.
  package func list(_ name: Name, level: UInt8) throws(Failure) -> ListBlob {
    let bytes = try whole(name, .list)
    let list = try ListBlob(bytes)
    guard list.level == level else { throw Failure(.damaged, "a list of level \(list.level) where \(level) belongs") }
    return list
  }

  /// Lists that will be read soon, in this order: one after the other they would be a round trip each.
  func expect(_ names: some Sequence<Name>) throws(Failure) {
    var locations: [BlobLocation] = []
    for name in names {
      let copy = source.namespace.index.copies(of: name).first {
        $0.kind == .list && $0.depth == 0 && source.namespace.index.packs[$0.pack].isListed
      }
      if let copy, expected[copy.place] == nil { locations.append(copy) }
    }
    guard !locations.isEmpty else { return }
    for span in try readsAhead(locations) { expected[span.location.place] = span }
  }

  /// Reads a blob into memory of its own; tries every copy.
  package func whole(_ name: Name, _ kind: BlobKind) throws(Failure) -> [UInt8] {
    if !remembersFailures { failed = [:] }
    return try whole(name, kind, below: Int(Limits.deltaDepth) + 1)
  }

  /// Looks at this one copy of a blob, whatever other copies there are; throws what the store throws.
  func examine(_ location: BlobLocation) throws(Failure) -> Finding {
    if !remembersFailures { failed = [:] }
    if let base = source.namespace.index.base(of: location) {
      do throws(Failure) {
        _ = try whole(base, location.kind, below: Int(location.depth))
      } catch {
        guard error.code.isAboutTheObject else { throw error }
        return try seal(of: location)
      }
    }
    do throws(Failure) {
      _ = try copy(at: location)
      return .good
    } catch {
      guard error.code.isAboutTheObject else { throw error }
      return .bad(error)
    }
  }

  private func seal(of location: BlobLocation) throws(Failure) -> Finding {
    do throws(Failure) {
      try fetch(location)
      try sealed.withBytes { (bytes) throws(Failure) in try decoder.checkSeal(bytes, location) }
      return .baseless
    } catch {
      guard error.code.isAboutTheObject else { throw error }
      return .bad(error)
    }
  }

  /// - Parameter depth: only copies that are less deep; a delta's base always has one
  private func whole(_ name: Name, _ kind: BlobKind, below depth: Int) throws(Failure) -> [UInt8] {
    var first: Failure?
    if let bytes = try firstGood(of: try source.copies(of: name, kind), below: depth, &first) { return bytes }
    if let bytes = try firstGood(of: try source.unlistedCopies(of: name, kind), below: depth, &first) { return bytes }
    throw first ?? Failure(.damaged, "a chain of deltas that runs in a circle")
  }

  /// The bytes of the first copy that can be read.
  private func firstGood(
    of locations: [BlobLocation], below depth: Int, _ first: inout Failure?
  ) throws(Failure) -> [UInt8]? {
    for location in locations where Int(location.depth) < depth {
      if let known = failed[location.place] {
        first = first ?? known
        continue
      }
      do throws(Failure) {
        return try copy(at: location)
      } catch {
        guard error.code.isAboutTheObject else { throw error }
        failed[location.place] = error
        first = first ?? error
      }
    }
    return nil
  }

  private func copy(at location: BlobLocation) throws(Failure) -> [UInt8] {
    do throws(Failure) {
      // Depths fall from delta to base, so the way down ends, however the entries point. The base comes first: while
      // it is read, nothing of the delta is in memory, and a long chain takes no more of it than a short one.
      let base = source.namespace.index.base(of: location)
      let prefix: [UInt8]? =
        if let base { try whole(base, location.kind, below: Int(location.depth)) } else { nil }
      return try frame(at: location, prefix)
    } catch {
      throw error.place.isEmpty ? error.within(source.path(ofPack: location.pack).path) : error
    }
  }

  /// Fetches and decodes a frame; once more if its pack is damaged or gone, and good bytes of it are found.
  private func frame(at location: BlobLocation, _ prefix: [UInt8]?) throws(Failure) -> [UInt8] {
    do throws(Failure) {
      if try !takeExpected(location) { try fetch(location) }
      return try decode(location, prefix)
    } catch {
      guard error.code.isAboutTheObject, try source.findIntact(pack: location.pack) else { throw error }
      try fetch(location)
      return try decode(location, prefix)
    }
  }

  private func decode(_ location: BlobLocation, _ prefix: [UInt8]?) throws(Failure) -> [UInt8] {
    var plain = [UInt8](repeating: 0, count: Int(location.plainLength))
    try sealed.withBytes { (bytes) throws(Failure) in
      try plain.withUnsafeMutableBufferPointer { (room) throws(Failure) in
        let target = UnsafeMutableRawBufferPointer(room)
        if let prefix {
          try prefix.withUnsafeBufferPointer { (prefix) throws(Failure) in
            try decoder.decode(bytes, location, prefix: UnsafeRawBufferPointer(prefix), into: target)
          }
        } else {
          try decoder.decode(bytes, location, prefix: nil, into: target)
        }
        try decoder.checkName(location, UnsafeRawBufferPointer(target))
      }
    }
    return plain
  }

  /// Takes a frame that was read ahead; false if it was not.
  private func takeExpected(_ location: BlobLocation) throws(Failure) -> Bool {
    guard let span = expected.removeValue(forKey: location.place) else { return false }
    var scratch = Buffer(capacity: location.extent.count)
    try span.withBytes(&scratch) { (bytes) throws(Failure) in sealed.replace(with: bytes) }
    return true
  }

  private func fetch(_ location: BlobLocation) throws(Failure) {
    let path = try StorePath(checking: source.path(ofPack: location.pack).path)
    let length = Int(location.sealedLength)
    let store = source.repository.objects.store
    sealed.count = 0
    sealed.count = try sealed.withCapacity { (room) throws(Failure) in
      try store.read(path, location.extent, into: UnsafeMutableRawBufferPointer(rebasing: room[..<length]))
    }
    guard sealed.count == length else { throw Failure(.damaged, "the pack ends early", at: path.text) }
  }
}
