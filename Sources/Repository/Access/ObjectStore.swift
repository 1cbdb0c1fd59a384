package import Bytes
import Cryptography
package import Format
package import Store

/// A store whose objects are believed only when their bytes match their names.
package struct ObjectStore: Sendable {
  /// The store below.
  package let store: any Store

  package init(_ store: any Store) { self.store = store }

  /// Reads a whole object and compares its SHA-256 with its name.
  ///
  /// - Throws: `damaged` if the bytes do not match, `storeMissing` if there is no such object.
  package func read(_ object: ObjectPath) throws(Failure) -> [UInt8] {
    let path = try StorePath(checking: object.path)
    let bytes = try store.read(path, limit: object.limit)
    if ObjectDigest.name(of: bytes) == object.name { return bytes }
    if try store.findIntact(path, digest: object.name) {
      let others = try store.read(path, limit: object.limit)
      if ObjectDigest.name(of: others) == object.name { return others }
    }
    throw Failure(
      .damaged, "the bytes of this \(object.kind) do not match its name", at: object.path,
      next: "Run lifeboat check to see what it costs.")
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
