import Bytes
import Pipeline
import Synchronization

extension StreamProvider {
  /// Has `take` read a stream from a pipe, while a thread of its own writes it.
  ///
  /// - Returns: what `take` threw, and what the stream threw. Of both the first counts: a reader that goes away breaks
  ///   the pipe.
  func pipe(
    _ name: [UInt8], stop: StopSignal, to take: (Int32) throws(Failure) -> Void
  ) throws(Failure) -> (refusal: Failure?, failure: Failure?) {
    let pipe = try OpenPipe()
    let writing = pipe.takeWriting()
    let ending = StreamEnding()
    let provider = Threads.run(named: "provide") {
      let end = Descriptor(owning: writing)
      do throws(Failure) {
        try write(name, to: end.number, watcher: nil, stop: stop)
      } catch {
        ending.failure.withLock { $0 = error }
      }
    }
    var refusal: Failure?
    do throws(Failure) { try take(pipe.reading) } catch { refusal = error }
    // A provider that still writes ends here.
    pipe.closeReading()
    provider.join()
    return (refusal, ending.failure.withLock { $0 })
  }
}

/// What the thread of a provider ended with.
private final class StreamEnding: Sendable {
  let failure = Mutex<Failure?>(nil)
}
