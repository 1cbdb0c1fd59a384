import Bytes
import Cryptography
import Databases
import Format
import Pipeline
import Repository
import Synchronization

/// Takes the crew's results in order: builds each stream's recipe, then the catalogue of all.
///
/// Streams stand in the catalogue in the order in which they began, whichever ends first. Belongs to the crew's
/// delivering thread until the crew has ended, then to the run.
final class CatalogueIntake: @unchecked Sendable {
  private let reference: ReferenceRun?
  private let progress: RunProgress
  private var catalogue: ListBuilder
  private let writeList: (ListBlob) throws(Failure) -> Name
  private var open: [StreamNumber: OpenStream] = [:]
  /// What the catalogue gets next, from the oldest stream that has not ended.
  private var waiting: [Waiting] = []
  private(set) var tally = StreamTally()
  private(set) var statistics = Snapshot.Statistics()
  private(set) var streams: UInt64 = 0
  private(set) var deltas: UInt64 = 0

  private enum Waiting {
    case stream(OpenStream)
    case entry(StreamEntry)
  }

  /// - Parameter reference: gets the chunks in order, for the next run
  init(_ writer: BlobWriter, reference: ReferenceRun?, progress: RunProgress) {
    self.reference = reference
    self.progress = progress
    writeList = { (list) throws(Failure) in
      try list.bytes.withUnsafeBufferPointer { (bytes) throws(Failure) in
        try writer.write(UnsafeRawBufferPointer(bytes), .list).name
      }
    }
    catalogue = ListBuilder.catalogue(write: writeList)
  }

  func take(_ result: IntakeResult) throws(Failure) {
    switch result {
    case .begin(let number, let stream):
      let begun = OpenStream(stream, recipe: ListBuilder.recipe(write: writeList), reference: reference)
      open[number] = begun
      waiting.append(.stream(begun))
    case .chunks(let number, let blobs):
      let stream = try stream(number)
      for blob in blobs {
        try stream.append(blob)
        count(blob)
      }
    case .end(let number, let length):
      let stream = try stream(number)
      open[number] = nil
      tally.add(name: stream.stream.name, length: length, digest: try stream.close(length))
      try appendEnded()
    case .entry(let stream):
      waiting.append(.entry(StreamEntry(stream, root: .empty)))
      try appendEnded()
    }
  }

  /// The catalogue's root, after everything was taken.
  func finish() throws(Failure) -> Snapshot.Catalogue {
    guard waiting.isEmpty else { throw Failure(.defect, "a stream that has not ended") }
    let root = try catalogue.finish()
    let level = streams == 0 ? 0 : root.level
    return Snapshot.Catalogue(level: level, name: root.name, length: root.length, streams: streams)
  }

  private func stream(_ number: StreamNumber) throws(Failure) -> OpenStream {
    guard let stream = open[number] else { throw Failure(.defect, "a stream without a beginning") }
    return stream
  }

  private func count(_ blob: WrittenBlob) {
    if blob.isDelta { deltas += 1 }
    statistics.chunks += 1
    statistics.bytes += blob.length
    if blob.isNew {
      statistics.newChunks += 1
      statistics.newBytes += blob.length
      progress.add(newBytes: blob.length, sealedBytes: blob.sealedLength)
    }
  }

  /// Hands on what no stream that is still open stands before.
  private func appendEnded() throws(Failure) {
    var ended = 0
    while ended < waiting.count {
      let entry: StreamEntry
      switch waiting[ended] {
      case .entry(let found): entry = found
      case .stream(let stream):
        guard let found = stream.entry else {
          waiting.removeFirst(ended)
          return
        }
        entry = found
      }
      ended += 1
      streams += 1
      try catalogue.append(entry)
    }
    waiting.removeAll(keepingCapacity: true)
  }
}
