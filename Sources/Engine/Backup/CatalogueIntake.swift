import Bytes
import Cryptography
import Databases
import Format
import Pipeline
import Repository
import Synchronization

/// Takes the crew's results in order: builds each stream's recipe, then the catalogue of all.
///
/// Belongs to the crew's delivering thread until the crew has ended, then to the run.
final class CatalogueIntake: @unchecked Sendable {
  private let reference: ReferenceRun?
  private let progress: RunProgress
  private var catalogue: ListBuilder
  private let writeList: (ListBlob) throws(Failure) -> Name
  private var open: (stream: DumpedStream, recipe: ListBuilder, digest: StreamDigest)?
  private(set) var tally = StreamTally()
  private(set) var statistics = Snapshot.Statistics()
  private(set) var streams: UInt64 = 0
  private(set) var deltas: UInt64 = 0

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
    case .begin(let stream): open = (stream, ListBuilder.recipe(write: writeList), StreamDigest())
    case .chunks(let blobs): for blob in blobs { try append(blob) }
    case .end(let length): try close(length)
    case .entry(let stream): try append(StreamEntry(stream, root: .empty))
    }
  }

  /// The catalogue's root, after everything was taken.
  func finish() throws(Failure) -> Snapshot.Catalogue {
    let root = try catalogue.finish()
    let level = streams == 0 ? 0 : root.level
    return Snapshot.Catalogue(level: level, name: root.name, length: root.length, streams: streams)
  }

  private func append(_ blob: WrittenBlob) throws(Failure) {
    try open?.recipe.append(ListChild(name: blob.name, length: blob.length))
    open?.digest.add(blob.name)
    if let row = blob.reference { reference?.append(row) }
    if blob.isDelta { deltas += 1 }
    statistics.chunks += 1
    statistics.bytes += blob.length
    if blob.isNew {
      statistics.newChunks += 1
      statistics.newBytes += blob.length
      progress.add(newBytes: blob.length, sealedBytes: blob.sealedLength)
    }
  }

  private func close(_ length: UInt64) throws(Failure) {
    guard let ended = open else { throw Failure(.defect, "a stream that ends without a beginning") }
    open = nil
    var (recipe, digest) = (ended.recipe, ended.digest)
    let root = try recipe.finish()
    guard root.length == length else { throw Failure(.defect, "a recipe of \(root.length) of \(length) bytes") }
    tally.add(name: ended.stream.name, length: length, digest: digest.finish())
    try append(StreamEntry(ended.stream, root: root))
  }

  private func append(_ entry: StreamEntry) throws(Failure) {
    streams += 1
    try catalogue.append(entry)
  }
}
