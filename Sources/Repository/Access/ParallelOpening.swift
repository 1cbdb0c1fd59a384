import Bytes
import Format
import Pipeline
import Synchronization

/// Opens many small objects at the same time and hands them on in order.
enum ParallelOpening {
  /// A wait for a store is most of the time of a small object, so there are more threads than cores.
  private static let threads = 16
  /// Objects that are opened before the first of them is handed on: so many, of so many bytes.
  private static let most = 512
  private static let mostBytes: UInt64 = 16 << 20

  /// Opens objects and hands each on, or what is wrong with it.
  ///
  /// - Parameters:
  ///   - objects: what to open, with sizes
  ///   - open: called on several threads at once
  ///   - take: called in the order of the objects, on the caller's thread
  /// - Throws: what `take` throws, and failures of `open` that are not about the object.
  static func run<Value: Sendable>(
    _ objects: [(object: ObjectPath, size: UInt64)],
    open: @escaping @Sendable (ObjectPath) throws(Failure) -> Value,
    take: (ObjectPath, Result<Value, Failure>) throws(Failure) -> Void
  ) throws(Failure) {
    var start = 0
    while start < objects.count {
      var end = start
      var bytes: UInt64 = 0
      while end < objects.count, end - start < most, end == start || bytes + objects[end].size <= mostBytes {
        bytes += objects[end].size
        end += 1
      }
      let batch = Batch(objects[start..<end].map(\.object), open)
      for (object, result) in zip(batch.objects, batch.run(threads: threads)) {
        if case .failure(let failure) = result, !failure.code.isAboutTheObject { throw failure }
        try take(object, result)
      }
      start = end
    }
  }

  /// Objects that are opened at the same time.
  private final class Batch<Value: Sendable>: Sendable {
    let objects: [ObjectPath]
    private let open: @Sendable (ObjectPath) throws(Failure) -> Value
    private let results: Mutex<[Result<Value, Failure>?]>
    private let next = Atomic(0)

    init(_ objects: [ObjectPath], _ open: @escaping @Sendable (ObjectPath) throws(Failure) -> Value) {
      self.objects = objects
      self.open = open
      results = Mutex(Array(repeating: nil, count: objects.count))
    }

    /// The results in order, up to a failure that is not about the object: a store that fails is not asked again.
    func run(threads: Int) -> [Result<Value, Failure>] {
      let others = (1..<max(1, min(threads, objects.count))).map { _ in Threads.run(named: "open") { self.work() } }
      work()
      for thread in others { thread.join() }
      return results.withLock { $0.compactMap(\.self) }
    }

    private func work() {
      while true {
        let number = next.add(1, ordering: .relaxed).oldValue
        guard number < objects.count else { return }
        let result = outcome(of: objects[number])
        results.withLock { $0[number] = result }
        if case .failure(let failure) = result, !failure.code.isAboutTheObject {
          next.store(objects.count, ordering: .relaxed)
        }
      }
    }

    private func outcome(of object: ObjectPath) -> Result<Value, Failure> {
      do throws(Failure) {
        return .success(try open(object))
      } catch {
        return .failure(error)
      }
    }
  }
}
