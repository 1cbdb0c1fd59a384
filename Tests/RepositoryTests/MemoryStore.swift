import Bytes
import Store
import Synchronization

/// A store in memory, to be damaged at will and copied for nothing.
final class MemoryStore: Store {
  private let objects: Mutex<[String: [UInt8]]>

  init(_ objects: [String: [UInt8]] = [:]) { self.objects = Mutex(objects) }

  /// Another store with the same objects.
  func copy() -> MemoryStore { MemoryStore(contents) }

  /// Every object.
  var contents: [String: [UInt8]] { objects.withLock { $0 } }

  /// The paths that begin so, sorted.
  func paths(_ prefix: String = "") -> [String] { contents.keys.filter { $0.hasPrefix(prefix) }.sorted() }

  /// An object's bytes, also to replace or remove them.
  subscript(_ path: String) -> [UInt8]? {
    get { objects.withLock { $0[path] } }
    set { objects.withLock { $0[path] = newValue } }
  }

  var description: String { "memory" }

  var traits: StoreTraits {
    StoreTraits(kind: "memory", refusesOverwrites: true, survivesPowerLoss: false, listsConsistently: true)
  }

  func put(_ path: StorePath, _ bytes: UnsafeRawBufferPointer, digest: Name?) throws(Failure) {
    let copy = Array(bytes)
    let isNew = objects.withLock { objects in
      guard objects[path.text] == nil else { return false }
      objects[path.text] = copy
      return true
    }
    guard isNew else { throw Failure(.storeExists, "the object exists already", at: path.text) }
  }

  func read(
    _ path: StorePath, _ range: Range<UInt64>?, into buffer: UnsafeMutableRawBufferPointer
  ) throws(Failure) -> Int {
    guard let bytes = self[path.text] else { throw Failure(.storeMissing, "no such object", at: path.text) }
    let start = min(Int(range?.lowerBound ?? 0), bytes.count)
    let end = min(range.map { Int($0.upperBound) } ?? bytes.count, bytes.count, start + buffer.count)
    buffer.copyBytes(from: bytes[start..<end])
    return end - start
  }

  func size(of path: StorePath) throws(Failure) -> UInt64? { self[path.text].map { UInt64($0.count) } }

  func list(_ prefix: String, _ each: (StoredObject) throws(Failure) -> Void) throws(Failure) {
    for (text, bytes) in contents where text.hasPrefix(prefix) {
      guard let path = StorePath(text) else { continue }
      try each(StoredObject(path: path, size: UInt64(bytes.count)))
    }
  }

  func folders(in prefix: String) throws(Failure) -> [String] {
    let rests = contents.keys.filter { $0.hasPrefix(prefix) }.map { $0.dropFirst(prefix.count) }
    return Set(rests.compactMap { rest in rest.firstIndex(of: "/").map { String(rest[..<$0]) } }).sorted()
  }

  func findIntact(_ path: StorePath, digest: Name) throws(Failure) -> Bool { false }

  func delete(_ path: StorePath) throws(Failure) { self[path.text] = nil }

  func freeBytes() throws(Failure) -> UInt64? { nil }
}
