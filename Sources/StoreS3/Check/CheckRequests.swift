import Bytes
import Glibc
import Pipeline
import Synchronization

/// Sends the requests of a check. Nothing stands between it and the store that would hide what the store does; only
/// faults that pass are tried again, a few times.
final class CheckRequests: Sendable {
  private static let tries = 4

  let client: S3Client
  private let stop: StopSignal

  init(_ client: S3Client, stop: StopSignal) {
    self.client = client
    self.stop = stop
  }

  /// The answer to a request, whatever its status.
  ///
  /// - Parameters:
  ///   - body: what goes along
  ///   - digest: signed as the SHA-256 of the body; nil for the right one
  func ask(_ request: S3Request, body: [UInt8] = [], digest: Name? = nil) throws(Failure) -> S3Answer {
    try body.withUnsafeBufferPointer { (bytes) throws(Failure) in
      try ask(request, body: UnsafeRawBufferPointer(bytes), digest: digest)
    }
  }

  /// The same with a body that is read in place, and an answer that goes elsewhere.
  func ask(
    _ request: S3Request, body: UnsafeRawBufferPointer, digest: Name? = nil,
    into target: AnswerTarget = .memory(limit: 16 << 20)
  ) throws(Failure) -> S3Answer {
    var attempt = 1
    while true {
      do throws(Failure) {
        let answer = try client.send(request, body: body, digest: digest, into: target)
        let passes = [429, 500, 502, 503, 504].contains(answer.status)
        if !passes || attempt == CheckRequests.tries { return answer }
      } catch {
        if error.retry == nil || attempt == CheckRequests.tries { throw error }
      }
      try wait(milliseconds: 200 << Int32(attempt))
      attempt += 1
    }
  }

  /// What a right comes to: true where it was used, false where it was denied, nil where the answer is about something
  /// else.
  static func right(_ answer: S3Answer) -> Bool? {
    if answer.isSuccess { return true }
    return [401, 403, 405].contains(answer.status) ? false : nil
  }

  /// The answer in a few words: `403 AccessDenied`.
  static func words(_ answer: S3Answer) -> String {
    let code = answer.error.code
    return code.isEmpty ? "status \(answer.status)" : "\(answer.status) \(code)"
  }

  /// Sleeps; throws the reason once the run stops.
  func wait(milliseconds: Int32) throws(Failure) {
    var watched = pollfd(fd: stop.descriptor, events: Int16(POLLIN), revents: 0)
    poll(&watched, 1, milliseconds)
    try stop.check()
  }
}

/// Does the same on several threads at once.
enum CheckThreads {
  /// Calls `body` with the numbers from 0 on, each on a thread of its own, and throws what one of them threw.
  static func run<Value: Sendable>(
    _ count: Int, _ body: @escaping @Sendable (Int) throws(Failure) -> Value
  ) throws(Failure) -> [Value] {
    let box = ResultBox<Value>(count)
    let threads = (0..<count).map { number in
      Threads.run(named: "store check") {
        do throws(Failure) {
          box.put(number, .success(try body(number)))
        } catch {
          box.put(number, .failure(error))
        }
      }
    }
    for thread in threads { thread.join() }
    var values: [Value] = []
    for result in box.all { values.append(try result.get()) }
    return values
  }
}

/// Where threads leave their results.
private final class ResultBox<Value: Sendable>: Sendable {
  private let results: Mutex<[Result<Value, Failure>?]>

  init(_ count: Int) { results = Mutex(Array(repeating: nil, count: count)) }

  func put(_ index: Int, _ result: Result<Value, Failure>) { results.withLock { $0[index] = result } }

  var all: [Result<Value, Failure>] { results.withLock { $0.compactMap { $0 } } }
}
