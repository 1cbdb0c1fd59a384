package import Bytes
package import Format

/// Where a restore puts streams. Called from one thread, in the order of the catalogue.
package protocol RestoreSink {
  /// A stream begins.
  mutating func begin(_ stream: StreamEntry) throws(Failure)
  /// Verified bytes of the stream, in order.
  mutating func write(_ bytes: UnsafeRawBufferPointer) throws(Failure)
  /// So many zero bytes.
  mutating func writeHole(_ count: UInt64) throws(Failure)
  /// The stream is whole.
  mutating func end() throws(Failure)
  /// Everything is there: folders get their modes and times, files reach the disk.
  mutating func finish() throws(Failure)
  /// The restore failed: what is not whole goes away.
  mutating func abandon()
}
