package import Bytes
import Format

/// A chunk and the bases that it is made from, and where their frames lie.
package struct BlobChain: Sendable {
  /// What is fetched for one chunk at most, in bytes of sealed frames: a chain of 32 chunks that do not compress would
  /// take 128 MiB, and no writer makes one.
  static let longestSealed = 8 << 20

  /// The chunk first, the full blob last. Empty if the chain cannot be planned: a base without a copy that is less
  /// deep, or more than `longestSealed`. Whoever reads it then goes the slow way, which tells what is wrong.
  package let frames: [BlobLocation]
  package let name: Name
  /// Plain bytes of the chunk.
  package let length: Int
}

extension BlobSource {
  /// Looks a chunk up, and its bases down to the full one; of several copies the one that is least deep.
  ///
  /// - Parameter length: the plain bytes that the recipe says
  /// - Throws: `damaged` if no pack holds the chunk, or none one of this length
  package func chain(to name: Name, length: UInt64) throws(Failure) -> BlobChain {
    guard let chunk = try copies(of: name, .data).first(where: { UInt64($0.plainLength) == length }) else {
      throw Failure(.damaged, "the chunk \(name.hex.prefix(16)) is not as long as its recipe says")
    }
    var frames = [chunk]
    var sealed = Int(chunk.sealedLength)
    var last = chunk
    while let base = namespace.index.base(of: last) {
      // Depths fall strictly, so this ends, however the entries point.
      guard let next = listed(base, .data, below: last.depth) else { return unplanned(chunk) }
      sealed += Int(next.sealedLength)
      guard sealed <= BlobChain.longestSealed else { return unplanned(chunk) }
      frames.append(next)
      last = next
    }
    return BlobChain(frames: frames, name: name, length: Int(length))
  }

  /// The least deep copy that lies in a listed pack and is less deep than a delta on it.
  func listed(_ name: Name, _ kind: BlobKind, below depth: UInt8) -> BlobLocation? {
    namespace.index.copies(of: name).first {
      $0.kind == kind && $0.depth < depth && namespace.index.packs[$0.pack].isListed
    }
  }

  private func unplanned(_ chunk: BlobLocation) -> BlobChain {
    BlobChain(frames: [], name: chunk.name, length: Int(chunk.plainLength))
  }
}
