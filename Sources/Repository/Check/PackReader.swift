import Bytes
import Cryptography
import Format
import Store

/// What reading a whole pack showed.
struct PackVerdict: Sendable {
  let pack: Int
  var bytesRead: UInt64 = 0
  var blobsOpened: UInt64 = 0
  /// Why the pack as a whole is not what it should be.
  var fault: Failure?
}

/// One thread's tools to read packs whole: bytes against the name, directory against the index, every full blob opened.
/// Deltas are opened on their bases (`DeltaCheck`).
final class PackReader {
  private let loaded: LoadedNamespace
  private let source: BlobSource
  private let decoder: BlobDecoder
  private let identities: [AgeIdentity]
  private var buffer = Buffer(capacity: Limits.fullPack + 1)
  private var plain = Buffer(capacity: Limits.chunk)

  init(_ loaded: LoadedNamespace, _ source: BlobSource, identities: [AgeIdentity]) {
    self.loaded = loaded
    self.source = source
    self.identities = identities
    decoder = BlobDecoder(source)
  }

  /// Reads a pack; what is wrong with it is in the verdict, a store that fails is thrown.
  ///
  /// - Parameters:
  ///   - number: its position in the index
  ///   - rows: how many blobs the index says it holds
  func read(_ number: Int, rows: Int) throws(Failure) -> PackVerdict {
    var verdict = PackVerdict(pack: number)
    do throws(Failure) {
      try fetch(number)
      verdict.bytesRead = UInt64(buffer.count)
      verdict.blobsOpened = try buffer.withBytes { (bytes) throws(Failure) in
        let directory = try checkDigests(bytes, number)
        try checkWraps(directory)
        return try checkBlobs(directory, bytes, number, rows: rows)
      }
    } catch {
      guard error.code.isAboutTheObject else { throw error }
      verdict.fault = error
    }
    return verdict
  }

  private func fetch(_ number: Int) throws(Failure) {
    let pack = loaded.index.packs[number]
    let path = try StorePath(checking: loaded.path(ofPack: number).path)
    let size = Int(loaded.sizes[pack.name] ?? 0)
    guard size <= Limits.object else { throw Failure(.damaged, "a pack of \(size) bytes") }
    if buffer.capacity <= size { buffer = Buffer(capacity: size + 1) }
    let store = source.repository.objects.store
    buffer.count = try buffer.withCapacity { (room) throws(Failure) in try store.read(path, nil, into: room) }
  }

  /// One pass over the bytes gives both digests: the region's is a prefix of the object's.
  private func checkDigests(_ bytes: UnsafeRawBufferPointer, _ number: Int) throws(Failure) -> PackDirectory {
    let pack = loaded.index.packs[number]
    let length = min(Int(pack.regionLength), bytes.count)
    var digest = ObjectDigest()
    digest.update(UnsafeRawBufferPointer(rebasing: bytes[..<length]))
    let region = digest.finish()
    digest.update(UnsafeRawBufferPointer(rebasing: bytes[length...]))
    guard digest.finish() == pack.name else { throw Failure(.damaged, "the bytes of this pack do not match its name") }
    guard bytes.count >= PackTrailer.length else { throw Failure(.damaged, "a pack of \(bytes.count) bytes") }
    let end = bytes.count - PackTrailer.length
    let trailer = try PackTrailer(bytes[end...], packSize: UInt64(bytes.count))
    let start = end - Int(trailer.directoryLength)
    let directory = try PackFile.open(
      Array(bytes[start..<end]), writer: loaded.writer, in: source.repository, with: identities,
      at: loaded.path(ofPack: number))
    guard directory.regionLength == UInt64(start), directory.regionLength == pack.regionLength,
      directory.regionDigest == region, region == pack.regionDigest
    else { throw Failure(.damaged, "the directory of this pack speaks of other bytes") }
    return directory
  }

  /// Every pack carries wraps of its own; each must open, for it may be the last one left.
  private func checkWraps(_ directory: PackDirectory) throws(Failure) {
    for key in directory.keys where source.opens(key.kind == .blobKey ? .data : .list) {
      _ = try source.keys.unwrap(key)
    }
  }

  private func checkBlobs(
    _ directory: PackDirectory, _ bytes: UnsafeRawBufferPointer, _ number: Int, rows: Int
  ) throws(Failure) -> UInt64 {
    guard directory.entries.count == rows else { throw contradiction() }
    var opened: UInt64 = 0
    for entry in directory.entries {
      let location = try row(of: entry, key: directory.keys[Int(entry.key)].id, pack: number)
      guard source.opens(entry.kind), !entry.flags.contains(.delta) else { continue }
      let start = Int(entry.offset)
      let sealed = UnsafeRawBufferPointer(rebasing: bytes[start..<(start + Int(entry.sealedLength))])
      try plain.withCapacity { (room) throws(Failure) in
        let target = UnsafeMutableRawBufferPointer(rebasing: room[..<Int(entry.plainLength)])
        try decoder.decode(sealed, location, prefix: nil, into: target)
        try decoder.checkName(location, UnsafeRawBufferPointer(target))
      }
      opened += 1
    }
    return opened
  }

  /// The index's row for an entry of the pack's own directory.
  private func row(of entry: DirectoryEntry, key: Name, pack: Int) throws(Failure) -> BlobLocation {
    let copies = loaded.index.copies(of: entry.name)
    guard let location = copies.first(where: { $0.pack == pack && $0.offset == entry.offset }) else {
      throw contradiction()
    }
    let stated = loaded.index.entry(at: location)
    let isSame =
      stated.kind == entry.kind && stated.flags == entry.flags && stated.depth == entry.depth
      && stated.plainLength == entry.plainLength && stated.sealedLength == entry.sealedLength
      && stated.base == entry.base && loaded.index.keys[location.key].id == key
    guard isSame else { throw contradiction() }
    return location
  }

  private func contradiction() -> Failure {
    Failure(
      .damaged, "the index says other things of this pack than its own directory",
      next: "Remove the index object: packs say themselves what they hold.")
  }
}
