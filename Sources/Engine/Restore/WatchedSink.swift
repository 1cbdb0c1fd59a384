import Bytes
import Databases
import Format
import Pipeline

/// Writes one stream to a descriptor while somebody looks at the bytes.
final class WatchedSink: RestoreSink {
  private var output: DescriptorSink
  private let watcher: (any StreamWatcher)?

  /// - Parameters:
  ///   - descriptor: only borrowed
  ///   - watcher: sees the bytes before they are written
  ///   - stop: ends a wait for a slow reader
  init(_ descriptor: Int32, _ watcher: (any StreamWatcher)?, stop: StopSignal) {
    output = DescriptorSink(descriptor, stop: stop)
    self.watcher = watcher
  }

  func begin(_ stream: StreamEntry) throws(Failure) {}

  func write(_ bytes: UnsafeRawBufferPointer) throws(Failure) {
    try watcher?.see(bytes)
    try output.write(bytes)
  }

  func writeHole(_ count: UInt64) throws(Failure) {
    let zeros = [UInt8](repeating: 0, count: Int(min(count, 1 << 20)))
    var left = count
    while left > 0 {
      let part = Int(min(left, UInt64(zeros.count)))
      try zeros.withUnsafeBufferPointer { (buffer) throws(Failure) in
        try write(UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(buffer)[..<part]))
      }
      left -= UInt64(part)
    }
  }

  func end() throws(Failure) {}
  func finish() throws(Failure) {}
  func abandon() {}
}
