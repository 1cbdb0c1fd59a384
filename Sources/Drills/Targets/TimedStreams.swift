import Bytes
import Databases
import Pipeline
import Synchronization

/// Streams on their way to a server: remembers when the first and the last byte came, also of a load that fails
/// half-way; and one of them may be given in another form.
final class TimedStreams: StreamProvider {
  private struct Times {
    var first: UInt64?
    var last: UInt64?
  }

  let streams: [ProvidedStream]
  private let inner: any StreamProvider
  private let times = Mutex(Times())
  /// What is given instead, by the stream's name.
  private let instead: [[UInt8]: [UInt8]]

  init(_ inner: any StreamProvider, instead: [[UInt8]: [UInt8]] = [:]) {
    self.inner = inner
    self.instead = instead
    let known = inner.streams.map { stream in
      ProvidedStream(name: stream.name, length: instead[stream.name].map { UInt64($0.count) } ?? stream.length)
    }
    let names = Set(known.map(\.name))
    streams =
      known
      + instead.filter { !names.contains($0.key) }.map { ProvidedStream(name: $0.key, length: UInt64($0.value.count)) }
  }

  /// By the clock that counts suspension.
  var firstByte: UInt64? { times.withLock { $0.first } }
  var lastByte: UInt64? { times.withLock { $0.last } }

  func write(
    _ name: [UInt8], to descriptor: Int32, watcher: (any StreamWatcher)?, stop: StopSignal
  ) throws(Failure) {
    try inner.write(name, to: descriptor, watcher: TimedWatcher(self, watcher), stop: stop)
  }

  func read(_ name: [UInt8], limit: Int, stop: StopSignal) throws(Failure) -> [UInt8] {
    if let bytes = instead[name] { return bytes }
    return try inner.read(name, limit: limit, stop: stop)
  }

  fileprivate func note() {
    let now = MonotonicClock.now()
    times.withLock { times in
      times.first = times.first ?? now
      times.last = now
    }
  }
}

/// Looks at the clock when bytes pass.
private final class TimedWatcher: StreamWatcher {
  private let streams: TimedStreams
  private let inner: (any StreamWatcher)?

  init(_ streams: TimedStreams, _ inner: (any StreamWatcher)?) {
    self.streams = streams
    self.inner = inner
  }

  func see(_ bytes: UnsafeRawBufferPointer) throws(Failure) {
    streams.note()
    try inner?.see(bytes)
  }
}
