import Bytes
import Databases
import Format
import Pipeline
import Repository

/// Tells the streams of one run apart while several are under way.
typealias StreamNumber = Int

/// What travels from the source to the crew; what is of one stream, in order.
enum IntakeJob: ~Copyable, Sendable {
  case begin(StreamNumber, DumpedStream)
  /// Chunks one behind the other, as many as are named at once.
  case chunks(StreamNumber, PooledBuffer, [CutChunk])
  case end(StreamNumber, length: UInt64)
  /// A folder or symbolic link.
  case entry(DumpedStream)
}

/// What travels from the crew to the catalogue, in the same order.
enum IntakeResult: Sendable {
  case begin(StreamNumber, DumpedStream)
  case chunks(StreamNumber, [WrittenBlob])
  case end(StreamNumber, length: UInt64)
  case entry(DumpedStream)
}

extension StreamEntry {
  /// The catalogue's entry for what a source dumped.
  init(_ stream: DumpedStream, root: RecipeRoot) {
    let kind: StreamEntry.Kind
    var target: [UInt8] = []
    switch stream.kind {
    case .dump: kind = .dump
    case .file: kind = .file
    case .folder: kind = .folder
    case .symbolicLink(let bytes):
      kind = .symbolicLink
      target = bytes
    }
    self.init(
      kind: kind, name: stream.name, target: target, mode: stream.mode, owner: stream.owner, group: stream.group,
      modified: stream.modified, root: root)
  }
}
