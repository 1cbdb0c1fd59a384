import Bytes
import Cryptography
import Format

/// The two keys of one run, drawn after start and never written down but wrapped: data blobs are sealed with one,
/// lists with the other, so that keepers can be given the one without the other.
struct SessionSecrets: Sendable {
  let blobKey = SessionKey()
  let listKey = SessionKey()
  private let epoch: UInt32
  private let repository: Identifier
  private let writer: Identifier
  private let dataRecipients: [AgeRecipient]
  private let metaRecipients: [AgeRecipient]

  init(_ access: WriterAccess) throws(Failure) {
    epoch = access.repository.authority.epoch.epoch
    repository = access.repository.id
    writer = access.id
    dataRecipients = try access.repository.authority.dataRecipients()
    metaRecipients = try access.repository.authority.metaRecipients()
  }

  /// Position in `wrapped()` of the key that seals blobs of a kind.
  static func position(of kind: BlobKind) -> UInt8 { kind == .data ? 0 : 1 }

  /// The key that seals blobs of a kind.
  func key(for kind: BlobKind) -> SessionKey { kind == .data ? blobKey : listKey }

  /// Both keys, wrapped afresh: every pack gets wraps of its own, so that a bit that flips while one is made costs
  /// one pack at most. A run cannot open them again to look: they are sealed to others.
  func wrapped() throws(Failure) -> [DirectoryKey] {
    [
      try wrap(blobKey, .blobKey, to: dataRecipients),
      try wrap(listKey, .listKey, to: metaRecipients),
    ]
  }

  private func wrap(_ key: SessionKey, _ kind: Wrap.Kind, to recipients: [AgeRecipient]) throws(Failure) -> DirectoryKey
  {
    let place = Wrap.Place(kind: kind, epoch: epoch, repository: repository, writer: writer)
    return DirectoryKey(
      kind: kind, epoch: epoch, id: key.id, wrap: try Wrap.seal(key.secret, at: place, to: recipients))
  }
}
