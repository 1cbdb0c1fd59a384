package import Bytes
package import Cryptography
package import Format
import Store

/// Reads what a pack says of itself: the way back when an index is lost.
package enum PackFile {
  /// Reads trailer and directory, and checks seal, signature and signer.
  ///
  /// The bytes of the blobs are not read: `regionDigest` is what they must hash to.
  package static func readDirectory(
    of name: Name, size: UInt64, writer: EnrolledWriter, in repository: OpenRepository, with identities: [AgeIdentity]
  ) throws(Failure) -> IndexedPack {
    let object = ObjectPath.pack(writer: writer.id, name)
    func read(size: UInt64) throws(Failure) -> IndexedPack {
      IndexedPack(
        name: name, size: size,
        directory: try directory(of: object, size: size, writer, in: repository, with: identities))
    }
    do throws(Failure) {
      return try read(size: size)
    } catch {
      guard error.code.isAboutTheObject, try repository.objects.findIntact(object),
        let size = try repository.objects.store.size(of: try StorePath(checking: object.path))
      else { throw error }
      return try read(size: size)
    }
  }

  private static func directory(
    of object: ObjectPath, size: UInt64, _ writer: EnrolledWriter, in repository: OpenRepository,
    with identities: [AgeIdentity]
  ) throws(Failure) -> PackDirectory {
    do throws(Failure) {
      let path = try StorePath(checking: object.path)
      guard size >= UInt64(PackTrailer.length), size <= UInt64(Limits.object) else {
        throw Failure(.damaged, "a pack of \(size) bytes")
      }
      let tail = try read(path, (size - UInt64(PackTrailer.length))..<size, from: repository)
      let trailer = try PackTrailer(tail, packSize: size)
      let end = size - UInt64(PackTrailer.length)
      let sealed = try read(path, (end - UInt64(trailer.directoryLength))..<end, from: repository)
      let directory = try open(sealed, writer: writer, in: repository, with: identities, at: object)
      guard directory.regionLength == end - UInt64(trailer.directoryLength) else {
        throw Failure(.damaged, "the directory speaks of \(directory.regionLength) bytes of blobs")
      }
      return directory
    } catch {
      throw error.place.isEmpty ? error.within(object.path) : error
    }
  }

  /// Opens a directory's age file.
  static func open(
    _ sealed: [UInt8], writer: EnrolledWriter, in repository: OpenRepository, with identities: [AgeIdentity],
    at object: ObjectPath
  ) throws(Failure) -> PackDirectory {
    let plain = try Age.open(sealed, with: identities)
    let envelope = try Envelope.open(plain, kind: .directory, repository: repository.id, writer: writer.id)
    try repository.authority.checkNothingHidden(envelope, at: object)
    guard repository.mayIndex(envelope.signer, writer) else {
      throw Failure(
        .keyUntrusted, "this pack is signed by \(envelope.signer.fingerprint), neither the writer nor a keeper",
        at: object.path, next: "Somebody planted it: look into the store, then remove the object.")
    }
    return try PackDirectory(envelope.body)
  }

  private static func read(
    _ path: StorePath, _ range: Range<UInt64>, from repository: OpenRepository
  ) throws(Failure) -> [UInt8] {
    var buffer = Buffer(capacity: Int(range.upperBound - range.lowerBound))
    let store = repository.objects.store
    let count = try buffer.withCapacity { (room) throws(Failure) in
      let length = Int(range.upperBound - range.lowerBound)
      return try store.read(path, range, into: UnsafeMutableRawBufferPointer(rebasing: room[..<length]))
    }
    guard count == Int(range.upperBound - range.lowerBound) else {
      throw Failure(.damaged, "the pack ends early: \(count) bytes of \(range)")
    }
    buffer.count = count
    return buffer.withBytes { Array($0) }
  }
}
