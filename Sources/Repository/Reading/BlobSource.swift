package import Bytes
import Cryptography
package import Format

/// What is the same for all threads that read one writer's blobs: index, keys, naming.
package struct BlobSource: Sendable {
  package let namespace: Namespace
  let repository: OpenRepository
  let keys: SessionKeys
  let chunkNaming: NamingKey?
  let listNaming: NamingKey

  /// For restorers: data and lists.
  package init(_ access: RestorerAccess, namespace: Namespace) throws(Failure) {
    let content = try access.contentSecret(of: namespace.writer)
    try self.init(
      access.meta, namespace: namespace, identities: access.identities + access.meta.identities,
      chunkNaming: try NamingKey(KeyDerivation.derive(from: content, label: "chunk names")))
  }

  /// For keepers: lists alone.
  package init(_ access: MetaAccess, namespace: Namespace) throws(Failure) {
    try self.init(access, namespace: namespace, identities: access.identities, chunkNaming: nil)
  }

  private init(
    _ access: MetaAccess, namespace: Namespace, identities: [AgeIdentity], chunkNaming: NamingKey?
  ) throws(Failure) {
    self.namespace = namespace
    repository = access.repository
    keys = SessionKeys(
      repository: access.repository.id, writer: namespace.writer.id, identities: identities,
      purpose: access.repository.wrongRole(to: "open dump contents", needs: [.restorer]))
    self.chunkNaming = chunkNaming
    let lists = try access.listSecret(of: namespace.writer)
    listNaming = try NamingKey(KeyDerivation.derive(from: lists, label: "list names"))
  }

  /// True if blobs of the kind can be opened with the keys at hand.
  func opens(_ kind: BlobKind) -> Bool { kind == .list || chunkNaming != nil }

  /// A session key by its position in the index; every wrap that the index knows is tried.
  func sessionKey(_ number: Int) throws(Failure) -> SessionKey {
    let first = namespace.index.keys[number]
    do throws(Failure) {
      return try keys.key(first)
    } catch {
      for spare in namespace.index.spareKeys[first.id] ?? [] {
        if let key = try? keys.key(spare) { return key }
      }
      throw error
    }
  }

  /// The path of a pack.
  package func path(ofPack pack: Int) -> ObjectPath {
    .pack(writer: namespace.writer.id, namespace.index.packs[pack].name)
  }

  /// Looks once for good bytes of a pack that turned out damaged or missing: an older version, a copy elsewhere.
  ///
  /// - Returns: true if the store returns good bytes from now on
  func findIntact(pack: Int) throws(Failure) -> Bool { try repository.objects.findIntact(path(ofPack: pack)) }

  /// Copies of a blob in packs that the store does not list and has nevertheless, in an older version or a copy.
  func unlistedCopies(of name: Name, _ kind: BlobKind) throws(Failure) -> [BlobLocation] {
    var found: [BlobLocation] = []
    for location in namespace.index.copies(of: name) where location.kind == kind {
      let isListed = namespace.index.packs[location.pack].isListed
      if !isListed, try findIntact(pack: location.pack) { found.append(location) }
    }
    return found
  }

  /// All copies of a blob that lie in listed packs, lowest depth first; without any, those in packs that the store
  /// has in some other way.
  ///
  /// - Throws: `damaged` if there is none.
  package func copies(of name: Name, _ kind: BlobKind) throws(Failure) -> [BlobLocation] {
    let listed = namespace.index.copies(of: name).filter {
      $0.kind == kind && namespace.index.packs[$0.pack].isListed
    }
    let copies = listed.isEmpty ? try unlistedCopies(of: name, kind) : listed
    guard !copies.isEmpty else {
      // What a damaged scratch file hides is not what the store lost.
      try namespace.index.checkSound()
      throw Failure(
        .damaged, "no pack holds the \(kind == .data ? "chunk" : "list") \(name.hex.prefix(16))",
        at: ObjectPath.folder("packs", of: namespace.writer.id), next: "Run lifeboat check to see what is lost.")
    }
    return copies
  }
}
