package import Bytes
package import Format
package import Pipeline

/// Writes one stream to a descriptor, such as standard output.
package struct DescriptorSink: RestoreSink {
  private let output: OutputDescriptor

  /// - Parameters:
  ///   - descriptor: only borrowed
  ///   - stop: ends a wait for a slow reader
  package init(_ descriptor: Int32, stop: StopSignal) {
    output = OutputDescriptor(descriptor, stop: stop)
  }

  package func begin(_ stream: StreamEntry) throws(Failure) {}

  package func write(_ bytes: UnsafeRawBufferPointer) throws(Failure) {
    try output.write(bytes)
  }

  package func writeHole(_ count: UInt64) throws(Failure) {
    let zeros = [UInt8](repeating: 0, count: 1 << 20)
    var left = count
    while left > 0 {
      let part = Int(min(left, UInt64(zeros.count)))
      try zeros.withUnsafeBufferPointer { (buffer) throws(Failure) in
        try write(UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(buffer)[..<part]))
      }
      left -= UInt64(part)
    }
  }

  package func end() throws(Failure) {}
  package func finish() throws(Failure) {}
  package func abandon() {}
}
