package import Bytes
import Cryptography
package import Format
package import Store

/// A store whose objects are believed only when their bytes match their names.
package struct ObjectStore: Sendable {
  /// The store below.
  package let store: any Store
  private let searches = IntactSearches()

  package init(_ store: any Store) { self.store = store }

  /// Reads a whole object and compares its SHA-256 with its name. One that is missing or damaged is looked for where
  /// the store may have it besides.
  ///
  /// - Throws: `damaged` if the bytes do not match, `storeMissing` if there is no such object.
  package func read(_ object: ObjectPath) throws(Failure) -> [UInt8] {
    do throws(Failure) {
      return try readOnce(object)
    } catch {
      guard error.code == .damaged || error.code == .storeMissing, try findIntact(object) else { throw error }
      return try readOnce(object)
    }
  }

  /// Looks for good bytes of an object that turned out damaged or missing: an older version, a copy elsewhere. Each
  /// object is looked for once.
  ///
  /// - Returns: true if the store returns good bytes from now on
  package func findIntact(_ object: ObjectPath) throws(Failure) -> Bool {
    let path = try StorePath(checking: object.path)
    return try searches.isFound(path) { () throws(Failure) in
      (try ObjectStore.asks { () throws(Failure) in try store.findIntact(path, digest: object.name) }, isFinal: true)
    }
  }

  /// Who may not look for other versions is as well off as if there were none.
  static func asks(_ look: () throws(Failure) -> Bool) throws(Failure) -> Bool {
    do throws(Failure) {
      return try look()
    } catch {
      if error.code == .storeDenied || error.code == .storeMissing { return false }
      throw error
    }
  }

  private func readOnce(_ object: ObjectPath) throws(Failure) -> [UInt8] {
    let bytes = try store.read(try StorePath(checking: object.path), limit: object.limit)
    guard ObjectDigest.name(of: bytes) == object.name else {
      throw Failure(
        .damaged, "the bytes of this \(object.kind) do not match its name", at: object.path,
        next: "Run lifeboat check to see what it costs.")
    }
    return bytes
  }

  /// Puts a new object. One that is there already has the same name, hence the same bytes.
  package func put(_ object: ObjectPath, _ bytes: [UInt8]) throws(Failure) {
    do throws(Failure) {
      let path = try StorePath(checking: object.path)
      try store.put(path, bytes, digest: object.name)
    } catch {
      if error.code != .storeExists { throw error }
    }
  }

  /// The objects under a folder, with their sizes; paths that no object has are left out.
  package func list(_ folder: String) throws(Failure) -> [(object: ObjectPath, size: UInt64)] {
    var found: [(object: ObjectPath, size: UInt64)] = []
    try store.list(folder) { (stored) throws(Failure) in
      if let object = ObjectPath(stored.path.text) { found.append((object, stored.size)) }
    }
    return found
  }
}
