import Bytes
import Pipeline
import Repository
import Synchronization

/// What streams of one run leave to those that come after them: the rest of a buffer, and a place in the reference cache.
final class IntakeShelf: Sendable {
  /// What one stream works with while it is under way.
  struct Tools: @unchecked Sendable {
    let number: StreamNumber
    /// One thread's at a time: on the shelf, or with one stream.
    let finder: BaseFinder?
  }

  private struct State: ~Copyable {
    var count: StreamNumber = 0
    var running = 0
    var rest: PooledBuffer?
    var idle: [Tools] = []
  }

  private let limit: Int
  private let makeFinder: @Sendable () -> BaseFinder?
  private let state = Mutex(State())

  /// - Parameter streams: how many may be under way at the same time: there are buffers for no more
  init(streams: Int, makeFinder: @escaping @Sendable () -> BaseFinder?) {
    limit = streams
    self.makeFinder = makeFinder
  }

  /// Begins a stream.
  ///
  /// The finder is the one that was used last: it goes on where the stream before ended. Streams side by side have one
  /// each; it finds its way to the rows of its stream by what chunks look like.
  func begin() throws(Failure) -> Tools {
    let (number, used) = try state.withLock { (state) throws(Failure) -> (StreamNumber, Tools?) in
      guard state.running < limit else {
        throw Failure(.defect, "a source hands over more than \(limit) streams at the same time")
      }
      state.running += 1
      state.count += 1
      return (state.count, state.idle.popLast())
    }
    return Tools(number: number, finder: used.map(\.finder) ?? makeFinder())
  }

  func end(_ tools: Tools) {
    state.withLock { state in
      state.running -= 1
      state.idle.append(tools)
    }
  }

  /// The rest of a buffer that a stream left, or a fresh buffer.
  func rest(or pool: BufferPool) throws(Failure) -> PooledBuffer {
    if let rest = state.withLock({ $0.rest.take() }) { return rest }
    return try pool.lease()
  }

  /// Keeps the rest of a buffer; one that lies here already goes back to its pool.
  func keep(_ rest: consuming PooledBuffer) {
    var rest: PooledBuffer? = consume rest
    state.withLock { $0.rest = rest.take() }
  }
}
