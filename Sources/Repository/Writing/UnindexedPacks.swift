import Bytes
import Cryptography
import Format
import Glibc
import Store

/// What this host has stored and no index object names yet: notes in its state folder, one a pack, taken back once an
/// index object has the pack.
///
/// A writer may not read its own packs. So where a run dies, or its store does, what is in the packs since the last
/// index object is known from here or to nobody, and the next run would store it all again. A note that is lost costs
/// that; so does one that is cut or changed, for it counts only behind its SHA-256.
struct UnindexedPacks: Sendable {
  /// Nil on a host that keeps no state.
  private let folder: String?

  init(_ access: WriterAccess) {
    folder = access.repository.state?.unindexedFolder(writer: access.id)
  }

  /// Notes a pack whose put was acknowledged. Not flushed, and nothing is said where it fails: see above.
  func note(_ pack: IndexedPack) {
    guard let folder else { return }
    let body = IndexShard(history: UnindexedPacks.nobody, packs: [pack]).body
    do throws(SystemError) {
      try DurableFile.createFolder(folder)
      let file = try Descriptor.open(path(pack.name, in: folder), O_WRONLY | O_CREAT | O_TRUNC)
      try (ObjectDigest.name(of: body).bytes + body).withUnsafeBufferPointer { (bytes) throws(SystemError) in
        try file.write(UnsafeRawBufferPointer(bytes))
      }
    } catch {}
  }

  /// Takes notes back: an index object has the packs.
  func forget(_ packs: [IndexedPack]) {
    guard let folder else { return }
    for pack in packs { unlink(path(pack.name, in: folder)) }
  }

  /// Puts an index object of all noted packs that the store still lists, so that a run about to begin knows them.
  ///
  /// Another run of this host may be at it: its packs are then named twice, which readers pass over.
  func adopt(for access: WriterAccess) throws(Failure) {
    let noted = all()
    guard !noted.isEmpty else { return }
    let listing = try PackListing(of: access.id, in: access.repository, with: access.identities)
    let usable = noted.filter { listing.sizes[$0.name] == $0.size && !listing.tombstoned.contains($0.name) }
    for start in stride(from: 0, to: usable.count, by: StoredPacks.packsPerIndex) {
      let packs = Array(usable[start..<min(start + StoredPacks.packsPerIndex, usable.count)])
      _ = try access.putIndex(IndexShard(history: UnindexedPacks.nobody, packs: packs).body)
    }
    forget(noted)
  }

  /// The notes that are whole; others are removed.
  private func all() -> [IndexedPack] {
    guard let folder, let names = try? LocalFolder.names(of: folder) else { return [] }
    return names.sorted().compactMap { name in
      guard let pack = Name(hex: name) else { return nil }
      let path = path(pack, in: folder)
      if let bytes = try? DurableFile.read(path, limit: Limits.object), bytes.count > Name.count,
        ObjectDigest.name(of: Array(bytes[Name.count...])).bytes.elementsEqual(bytes[..<Name.count]),
        let shard = try? IndexShard(bytes[Name.count...]), let noted = shard.packs.first, noted.name == pack
      {
        return noted
      }
      unlink(path)
      return nil
    }
  }

  private func path(_ pack: Name, in folder: String) -> String { "\(folder)/\(pack.hex)" }

  /// No run's place in the history.
  private static let nobody = IndexHistory(installation: .zero, sequence: 0, parents: [])
}
