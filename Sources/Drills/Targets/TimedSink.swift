import Bytes
import Engine
import Format
import Pipeline

/// Passes a restore on to a folder and remembers when bytes came, also for a restore that fails halfway.
final class TimedSink: RestoreSink {
  private let folder: FolderSink
  /// By the clock that counts suspension.
  private(set) var firstByte: UInt64?
  private(set) var lastByte: UInt64?
  private(set) var bytes: UInt64 = 0
  /// How many streams became files, and the name of the first.
  private(set) var files: UInt64 = 0
  private(set) var firstFile: [UInt8]?

  init(_ path: String) throws(Failure) { folder = try FolderSink(path) }

  func begin(_ stream: StreamEntry) throws(Failure) {
    if stream.kind == .dump || stream.kind == .file {
      files += 1
      firstFile = firstFile ?? stream.name
    }
    try folder.begin(stream)
  }

  func write(_ bytes: UnsafeRawBufferPointer) throws(Failure) {
    if firstByte == nil { firstByte = MonotonicClock.now() }
    try folder.write(bytes)
    count(UInt64(bytes.count))
  }

  func writeHole(_ count: UInt64) throws(Failure) {
    try folder.writeHole(count)
    self.count(count)
  }

  func end() throws(Failure) { try folder.end() }
  func finish() throws(Failure) { try folder.finish() }
  func abandon() { folder.abandon() }

  private func count(_ more: UInt64) {
    bytes += more
    lastByte = MonotonicClock.now()
  }

  /// Gives the time of a restore to its phases.
  func claim(from start: UInt64, on clock: RecoveryClock) {
    if let firstByte { clock.claim(.firstByte, from: start, to: firstByte) }
    if let firstByte, let lastByte { clock.claim(.lastByte, from: firstByte, to: lastByte) }
    clock.claim(.ready, from: lastByte ?? start, to: MonotonicClock.now())
  }
}
