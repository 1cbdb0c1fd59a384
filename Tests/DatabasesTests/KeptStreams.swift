import Bytes
import Databases
import Glibc
import Pipeline

/// The streams that a sink kept, as a snapshot would give them.
struct KeptStreams: StreamProvider {
  let streams: [ProvidedStream]
  private let bytes: [[UInt8]: [UInt8]]
  /// After so many bytes of a stream it is found to be damaged.
  var damagedAfter: Int?

  init(_ sink: KeepingSink) {
    streams = sink.streams.map { ProvidedStream(name: $0.stream.name, length: UInt64($0.bytes.count)) }
    bytes = Dictionary(sink.streams.map { ($0.stream.name, $0.bytes) }) { first, _ in first }
  }

  func write(
    _ name: [UInt8], to descriptor: Int32, watcher: (any StreamWatcher)?, stop: StopSignal
  ) throws(Failure) {
    let all = bytes[name] ?? []
    let count = min(damagedAfter ?? all.count, all.count)
    var place = 0
    while place < count {
      // Pieces of odd sizes: nothing may depend on where they end.
      let end = min(place + 77_777, count)
      var buffer = Buffer(capacity: end - place)
      all[place..<end].withUnsafeBytes { buffer.replace(with: $0) }
      try buffer.withBytes { (part) throws(Failure) in try Transfers.write(part, to: descriptor, stop: stop) }
      try buffer.withBytes { (part) throws(Failure) in try watcher?.see(part) }
      place = end
    }
    if damagedAfter != nil { throw Failure(.damaged, "a chunk is missing") }
  }

  func read(_ name: [UInt8], limit: Int, stop: StopSignal) throws(Failure) -> [UInt8] { bytes[name] ?? [] }
}
