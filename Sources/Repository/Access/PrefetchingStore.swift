package import Bytes
import Format
import Pipeline
package import Store
import Synchronization

/// A store that is asked for what a restore needs first before the restore asks: listings and small objects, as many
/// at the same time as do not depend on each other. With 40 ms to a bucket and back, the way from the first request to
/// the first chunk takes half the time.
///
/// Each answer is given once; whoever asks a second time wants to know what the store holds now. What could not be had
/// ahead is asked again by whoever needs it, and fails there. Packs are listed after the snapshots, as ever, so that
/// whatever a listed snapshot needs is listed, too.
package final class PrefetchingStore: Store {
  private enum Question: Hashable {
    case folders(String)
    case list(String)
    case read(StorePath)
  }

  private enum Answer: Sendable {
    case folders([String])
    case list([StoredObject])
    case read([UInt8])
  }

  /// An answer that is under way.
  private final class Request: Sendable {
    private let answer = Mutex<Answer?>(nil)
    private let thread = Mutex<ThreadHandle?>(nil)

    func start(_ ask: @escaping @Sendable () -> Answer?) {
      thread.withLock { thread in
        thread = Threads.run(named: "ahead") { [self] in
          let found = ask()
          answer.withLock { $0 = found }
        }
      }
    }

    /// Waits for it; nil if it could not be had.
    func wait() -> Answer? {
      thread.withLock { $0 }?.join()
      return answer.withLock { $0 }
    }
  }

  private struct State {
    var requests: [Question: Request] = [:]
    /// What was asked already is not asked ahead any more: its answer would be old when it is asked again.
    var asked: Set<Question> = []
  }

  /// Namespaces that are looked into ahead: nobody knows yet which one it will be.
  private static let mostWriters = 4
  /// Objects of a listing that are read ahead, and how long they may be in bytes.
  private static let mostObjects = 16
  private static let longestObject: UInt64 = 1 << 20

  private let base: any Store
  private let state = Mutex(State())

  /// Begins to ask, where the store is so far away that it is worth the threads.
  package init(_ base: any Store) {
    self.base = base
    guard base.traits.isFar else { return }
    list(ObjectPath.authorityFolder, reading: true)
    list(ObjectPath.annotationsFolder, reading: true)
    list(ObjectPath.recordsFolder, reading: true)
    begin(.folders(ObjectPath.writersFolder)) { (store) throws(Failure) in
      let names = try store.base.folders(in: ObjectPath.writersFolder)
      let writers = names.compactMap { Identifier(hex: $0) }
      if writers.count <= PrefetchingStore.mostWriters {
        for writer in writers { store.look(into: writer) }
      }
      return .folders(names)
    }
  }

  private func look(into writer: Identifier) {
    list(ObjectPath.folder("enrolment", of: writer), reading: true)
    list(ObjectPath.folder("snapshots", of: writer), reading: true) { store in
      store.list(ObjectPath.folder("packs", of: writer), reading: false)
      store.list(ObjectPath.folder("tombstones", of: writer), reading: true)
      store.list(ObjectPath.folder("index", of: writer), reading: true)
    }
  }

  /// - Parameter next: what can be asked once this listing is there
  private func list(
    _ folder: String, reading: Bool, then next: @escaping @Sendable (PrefetchingStore) -> Void = { _ in }
  ) {
    begin(.list(folder)) { (store) throws(Failure) in
      let objects: [StoredObject] = try store.base.list(folder)
      next(store)
      if reading, objects.count <= PrefetchingStore.mostObjects {
        for object in objects where object.size <= PrefetchingStore.longestObject { store.read(object) }
      }
      return .list(objects)
    }
  }

  private func read(_ object: StoredObject) {
    begin(.read(object.path)) { (store) throws(Failure) in
      // One byte more tells an object that is longer than was listed; it is then read by whoever needs it.
      let bytes = try store.base.read(object.path, limit: Int(object.size))
      return .read(bytes)
    }
  }

  private func begin(
    _ question: Question, _ ask: @escaping @Sendable (PrefetchingStore) throws(Failure) -> Answer
  ) {
    state.withLock { state in
      guard !state.asked.contains(question) else { return }
      let request = Request()
      state.requests[question] = request
      request.start { [self] in
        do throws(Failure) {
          return try ask(self)
        } catch {
          return nil
        }
      }
    }
  }

  private func answer(_ question: Question) -> Answer? {
    let request = state.withLock { state in
      state.asked.insert(question)
      return state.requests.removeValue(forKey: question)
    }
    return request?.wait()
  }

  // MARK: - Store

  package var description: String { base.description }

  package var traits: StoreTraits { base.traits }

  package func read(
    _ path: StorePath, _ range: Range<UInt64>?, into buffer: UnsafeMutableRawBufferPointer
  ) throws(Failure) -> Int {
    if range == nil, case .read(let bytes) = answer(.read(path)), bytes.count <= buffer.count {
      buffer.copyBytes(from: bytes)
      return bytes.count
    }
    return try base.read(path, range, into: buffer)
  }

  package func list(_ prefix: String, _ each: (StoredObject) throws(Failure) -> Void) throws(Failure) {
    guard case .list(let objects) = answer(.list(prefix)) else { return try base.list(prefix, each) }
    for object in objects { try each(object) }
  }

  package func folders(in prefix: String) throws(Failure) -> [String] {
    guard case .folders(let names) = answer(.folders(prefix)) else { return try base.folders(in: prefix) }
    return names
  }

  package func put(_ path: StorePath, _ bytes: UnsafeRawBufferPointer, digest: Name?) throws(Failure) {
    try base.put(path, bytes, digest: digest)
  }

  package func size(of path: StorePath) throws(Failure) -> UInt64? { try base.size(of: path) }

  package func findIntact(_ path: StorePath, digest: Name) throws(Failure) -> Bool {
    try base.findIntact(path, digest: digest)
  }

  package func delete(_ path: StorePath) throws(Failure) { try base.delete(path) }

  package func freeBytes() throws(Failure) -> UInt64? { try base.freeBytes() }
}
