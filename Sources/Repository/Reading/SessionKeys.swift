import Bytes
import Cryptography
import Format
import Synchronization

/// The session keys that the identities at hand can unwrap, each unwrapped once.
final class SessionKeys: Sendable {
  private let repository: Identifier
  private let writer: Identifier
  private let identities: [AgeIdentity]
  private let purpose: Failure
  private let opened = Mutex<[Name: SessionKey]>([:])

  /// - Parameter purpose: the failure for a key that these identities do not open
  init(repository: Identifier, writer: Identifier, identities: [AgeIdentity], purpose: Failure) {
    self.repository = repository
    self.writer = writer
    self.identities = identities
    self.purpose = purpose
  }

  /// The key of that id; unwrapped on first use.
  func key(_ wrapped: DirectoryKey) throws(Failure) -> SessionKey {
    if let known = opened.withLock({ $0[wrapped.id] }) { return known }
    let key = try unwrap(wrapped)
    opened.withLock { $0[wrapped.id] = key }
    return key
  }

  /// Unwraps a key and checks that it is the one that the directory names.
  func unwrap(_ wrapped: DirectoryKey) throws(Failure) -> SessionKey {
    let place = Wrap.Place(kind: wrapped.kind, epoch: wrapped.epoch, repository: repository, writer: writer)
    let secret: Secret
    do throws(Failure) {
      secret = try Wrap.open(wrapped.wrap, at: place, with: identities)
    } catch {
      throw error.code == .keyWrongRole ? purpose : error
    }
    let key = try SessionKey(secret)
    guard key.id == wrapped.id else { throw Failure(.damaged, "a wrapped key is not the one that is named") }
    return key
  }
}
