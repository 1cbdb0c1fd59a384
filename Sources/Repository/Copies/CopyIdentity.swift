import Bytes
import Format
import Store

/// Whose repository a store holds, as far as its listing tells: the statements of authority by their numbers.
///
/// Names of statements are digests, so that two repositories never have one in common. A copy may lack the newest.
struct CopyIdentity {
  private let statements: [UInt64: Set<Name>]

  init(of store: any Store) throws(Failure) {
    self.init(try store.list(ObjectPath.authorityFolder).map(\.path))
  }

  /// - Parameter paths: of all objects, or of the statements alone
  init(_ paths: some Sequence<StorePath>) {
    var statements: [UInt64: Set<Name>] = [:]
    for path in paths where path.text.hasPrefix(ObjectPath.authorityFolder) {
      if case .authority(let number, let name) = ObjectPath(path.text) { statements[number, default: []].insert(name) }
    }
    self.statements = statements
  }

  /// True if there is no repository, whole or not.
  var isEmpty: Bool { statements.isEmpty }

  /// True if both name a statement of one number, and not the same.
  func contradicts(_ other: CopyIdentity) -> Bool {
    statements.contains { number, names in other.statements[number].map(names.isDisjoint) ?? false }
  }

  /// The copies that hold the same repository as a store, as far as can be told; the others are told of.
  static func usable(
    _ copies: [StoreCopy], of store: any Store, _ notices: NoticeSink
  ) throws(Failure) -> [StoreCopy] {
    let own = try CopyIdentity(of: store)
    return copies.filter { copy in
      do throws(Failure) {
        let other = try CopyIdentity(of: copy.store)
        if other.isEmpty { notices(.degraded("there is no repository in \(copy.name), named as a copy")) }
        if other.contradicts(own) {
          notices(.degraded("\(copy.name), named as a copy, holds another repository and is not used"))
          return false
        }
      } catch {
        notices(.degraded("the copy in \(copy.name) cannot be used: \(error.description)"))
        return false
      }
      return true
    }
  }
}
