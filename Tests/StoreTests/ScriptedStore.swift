import Bytes
import Store
import Synchronization

/// A store in memory whose calls go through a script: it sees each one and may do it, fail it, or do it and lose its
/// answer.
final class ScriptedStore: Store {
  /// What becomes of a call.
  enum Fate: Sendable {
    case done
    case failed(Failure)
    case lost(Failure)
  }

  private struct State {
    var objects: [StorePath: [UInt8]] = [:]
    var calls: [(call: StoreCall, path: String)] = []
  }

  private let state = Mutex(State())
  private let script: @Sendable (_ number: Int, _ call: StoreCall) -> Fate

  /// - Parameter script: gets the number of the call, from 1
  init(_ script: @escaping @Sendable (_ number: Int, _ call: StoreCall) -> Fate = { _, _ in .done }) {
    self.script = script
  }

  var description: String { "script" }
  var traits: StoreTraits {
    StoreTraits(kind: "script", refusesOverwrites: true, survivesPowerLoss: false, listsConsistently: true)
  }

  /// The calls so far, by kind.
  var calls: [StoreCall] { state.withLock { $0.calls.map(\.call) } }

  /// An object, put without the script.
  func plant(_ path: StorePath, _ bytes: [UInt8]) { state.withLock { $0.objects[path] = bytes } }

  /// What lies there, without the script.
  func object(_ path: StorePath) -> [UInt8]? { state.withLock { $0.objects[path] } }

  /// All paths in order, without the script.
  var paths: [StorePath] { state.withLock { $0.objects.keys.sorted() } }

  func called<Result>(
    _ call: StoreCall, _ path: String, _ body: () throws(Failure) -> Result
  ) throws(Failure) -> Result {
    let number = state.withLock { state in
      state.calls.append((call, path))
      return state.calls.count
    }
    switch script(number, call) {
    case .done: return try body()
    case .failed(let failure): throw failure
    case .lost(let failure):
      _ = try body()
      throw failure
    }
  }

  func put(_ path: StorePath, _ bytes: UnsafeRawBufferPointer, digest: Name?) throws(Failure) {
    try called(.put, path.text) { () throws(Failure) in
      let isNew = state.withLock { state in
        guard state.objects[path] == nil else { return false }
        state.objects[path] = Array(bytes)
        return true
      }
      if !isNew { throw Failure(.storeExists, "the object exists already", at: path.text) }
    }
  }

  func read(
    _ path: StorePath, _ range: Range<UInt64>?, into buffer: UnsafeMutableRawBufferPointer
  ) throws(Failure) -> Int {
    try called(.read, path.text) { () throws(Failure) in
      guard let bytes = object(path) else { throw Failure(.storeMissing, "no such object", at: path.text) }
      let wanted = (range ?? 0..<UInt64(bytes.count)).clamped(to: 0..<UInt64(bytes.count))
      let part = bytes[Int(wanted.lowerBound)..<Int(wanted.upperBound)].prefix(buffer.count)
      buffer.copyBytes(from: part)
      return part.count
    }
  }

  func size(of path: StorePath) throws(Failure) -> UInt64? {
    try called(.size, path.text) { () throws(Failure) in object(path).map { UInt64($0.count) } }
  }

  func list(_ prefix: String, _ each: (StoredObject) throws(Failure) -> Void) throws(Failure) {
    let found = paths.filter { $0.text.hasPrefix(prefix) }
    var failure: Failure?
    // A listing that fails does so in its middle.
    do throws(Failure) {
      try called(.list, prefix) { () throws(Failure) in }
    } catch {
      failure = error
    }
    for path in failure == nil ? found[...] : found.prefix(found.count / 2) {
      try each(StoredObject(path: path, size: UInt64(object(path)?.count ?? 0)))
    }
    if let failure { throw failure }
  }

  func folders(in prefix: String) throws(Failure) -> [String] {
    try called(.list, prefix) { () throws(Failure) in
      let names = paths.map(\.text).filter { $0.hasPrefix(prefix) }.compactMap { text in
        let rest = text.dropFirst(prefix.count)
        return rest.firstIndex(of: "/").map { String(rest[..<$0]) }
      }
      return Array(Set(names))
    }
  }

  func findIntact(_ path: StorePath, digest: Name) throws(Failure) -> Bool {
    try called(.findIntact, path.text) { () throws(Failure) in false }
  }

  func delete(_ path: StorePath) throws(Failure) {
    try called(.delete, path.text) { () throws(Failure) in state.withLock { $0.objects[path] = nil } }
  }

  func freeBytes() throws(Failure) -> UInt64? { try called(.freeBytes, "") { () throws(Failure) in nil } }
}
