package import Bytes

/// Where a source hands its streams over. The engine owns all reading of bytes; a source owns what they mean.
///
/// Several threads of a source may hand streams over at the same time, as many as its `parallelStreams` says.
package protocol StreamSink: Sendable {
  /// Reads `descriptor` to its end and stores the bytes as one stream.
  ///
  /// - Parameters:
  ///   - stream: what is read
  ///   - descriptor: a pipe or a regular file, only borrowed. It may be non-blocking: read it with
  ///     `Transfers.read`, which waits for bytes and for the stop of the run.
  ///   - watcher: sees all bytes in order as they pass, on the calling thread
  /// - Returns: length and tail. An error of the system while reading is no throw but a `readingProblem` there: one bad
  ///   sector must not end the dump of a folder.
  /// - Throws: what prevents storing, and the reason of a stopped run.
  func stream(
    _ stream: DumpedStream, from descriptor: Int32, watcher: (any StreamWatcher)?
  ) throws(Failure) -> StreamSummary

  /// Stores a folder or a symbolic link, which have no bytes.
  func entry(_ stream: DumpedStream) throws(Failure)

  /// The source holds a state of its server open since a moment, in nanoseconds since 1970, or no longer (nil): as long
  /// as it does, the server cleans nothing up that is younger, so a person is told for how long.
  func holdsSnapshot(since moment: UInt64?)
}

extension StreamSink {
  /// Nobody is told.
  package func holdsSnapshot(since moment: UInt64?) {}

  /// The same without a look at the bytes.
  package func stream(_ stream: DumpedStream, from descriptor: Int32) throws(Failure) -> StreamSummary {
    try self.stream(stream, from: descriptor, watcher: nil)
  }
}

/// Looks at the bytes of a stream as they pass: counts rows, hashes them, looks for markers.
package protocol StreamWatcher: AnyObject {
  /// The next bytes, in pieces of any size.
  ///
  /// - Throws: what ends the dump
  func see(_ bytes: UnsafeRawBufferPointer) throws(Failure)
}
