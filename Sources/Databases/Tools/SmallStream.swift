import Bytes
import Glibc
import Pipeline

/// A stream of a few bytes of our own, such as facts for whoever restores.
enum SmallStream {
  /// Hands `bytes` to the sink as one stream.
  static func send(_ bytes: [UInt8], as name: [UInt8], to sink: any StreamSink, stop: StopSignal) throws(Failure) {
    let stream = DumpedStream(
      name: name, kind: .dump, owner: geteuid(), group: getegid(), modified: Int64(clamping: WallClock.now()),
      expectedLength: UInt64(bytes.count))
    let summary = try feed(bytes, stop: stop) { (descriptor) throws(Failure) in
      try sink.stream(stream, from: descriptor)
    }
    guard summary.length == UInt64(bytes.count) else {
      throw Failure(.sourceFailed, "a stream of our own was not read whole", at: Printable.text(name))
    }
  }

  /// Has `read` read a pipe that these bytes come out of.
  static func feed<Result>(
    _ bytes: [UInt8], stop: StopSignal, _ read: (Int32) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    let pipe = try OpenPipe()
    let writing = pipe.takeWriting()
    // A pipe holds only so much before its reader comes.
    let writer = Threads.run(named: "small stream") {
      let end = Descriptor(owning: writing)
      bytes.withUnsafeBytes { try? Transfers.write($0, to: end.number, stop: stop) }
    }
    defer { writer.join() }
    do {
      return try read(pipe.reading)
    } catch {
      pipe.closeReading()
      throw error
    }
  }
}
