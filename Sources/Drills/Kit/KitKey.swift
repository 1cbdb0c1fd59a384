import Bytes
import Cryptography
package import Format
package import Repository

/// A key file that a recovery needs, or that may be asked for: never a secret of it.
package struct KitKey: Sendable, Equatable {
  /// `restorer`, `keeper`, `writer`.
  package let role: Role
  /// Where it is expected; nil where nobody says.
  package let path: String?
  /// The public keys of this role that count, by their fingerprints.
  package let fingerprints: [String]
  /// Whether a passphrase protects the file; nil where it can't be seen from here.
  package let isProtected: Bool?

  package init(role: Role, path: String?, fingerprints: [String], isProtected: Bool?) {
    self.role = role
    self.path = path
    self.fingerprints = fingerprints
    self.isProtected = isProtected
  }

  /// The keys of a repository, those first that open it.
  ///
  /// - Parameters:
  ///   - paths: where the files are expected
  ///   - component: whose writers count
  ///   - access: the repository
  package static func all(
    _ paths: [Role: String], of component: String, _ access: MetaAccess
  ) -> [KitKey] {
    let statement = access.repository.authority.statement
    func open(_ keys: [PublicKey]) -> [String] { keys.filter { !statement.closed.contains($0) }.map(\.fingerprint) }
    let writers = access.writers.filter { writer in
      writer.enrolment.components.contains { $0 == component || $0 == Enrolment.everyComponent }
    }
    let found: [(Role, [String])] = [
      (.restorer, open(statement.restorers)), (.keeper, open(statement.keepers)),
      (.writer, open(writers.map(\.enrolment.sign))),
    ]
    return found.map { role, fingerprints in
      KitKey(
        role: role, path: paths[role].map(KitPlace.absolute), fingerprints: fingerprints,
        isProtected: paths[role].flatMap(isProtected))
    }
  }

  /// Whether a passphrase protects a key file; nil where it can't be read here.
  private static func isProtected(_ path: String) -> Bool? {
    guard var bytes = try? DurableFile.read(path, limit: 1 << 20) else { return nil }
    defer { Sodium.wipe(&bytes) }
    return Age.isSealed(bytes)
  }
}
