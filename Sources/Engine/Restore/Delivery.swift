import Bytes
import Databases
import Format
import Pipeline

/// Takes the crew's results in order and hands them to the target.
///
/// Belongs to the crew's delivering thread until the crew has ended, then to the run.
final class Delivery: @unchecked Sendable {
  private var sink: any RestoreSink
  private let progress: RunProgress
  private var open: (stream: StreamEntry, length: UInt64, digest: StreamDigest)?
  private(set) var report = RestoreReport()
  private(set) var tally = StreamTally()

  init(_ sink: any RestoreSink, progress: RunProgress) {
    self.sink = sink
    self.progress = progress
  }

  func take(_ result: consuming RestoreResult) throws(Failure) {
    switch consume result {
    case .begin(let stream):
      try sink.begin(stream)
      open = (stream, 0, StreamDigest())
      report.streams += 1
    case .bytes(let buffer, let names):
      if report.firstByte == nil { report.firstByte = MonotonicClock.now() }
      try buffer.withBytes { (bytes) throws(Failure) in try sink.write(bytes) }
      for name in names { open?.digest.add(name) }
      count(UInt64(buffer.count))
    case .hole(let length):
      try sink.writeHole(length)
      count(length)
    case .end: try end()
    }
  }

  func finish() throws(Failure) { try sink.finish() }

  func abandon() { sink.abandon() }

  private func count(_ bytes: UInt64) {
    open?.length += bytes
    report.bytes += bytes
    progress.add(bytes: Int(bytes))
    report.lastByte = MonotonicClock.now()
  }

  private func end() throws(Failure) {
    guard let ended = open else { throw Failure(.defect, "a stream that ends without a beginning") }
    open = nil
    let (stream, length) = (ended.stream, ended.length)
    var digest = ended.digest
    guard length == stream.length else {
      throw Failure(.damaged, "\(length) of \(stream.length) bytes came out", at: "stream \(stream.displayName)")
    }
    try sink.end()
    if stream.kind == .dump || stream.kind == .file {
      tally.add(name: stream.name, length: length, digest: digest.finish())
    }
  }
}
