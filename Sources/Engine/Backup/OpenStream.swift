import Bytes
import Databases
import Format
import Repository

/// A stream whose recipe is being built. Belongs to the thread that delivers the crew's results.
final class OpenStream {
  let stream: DumpedStream
  /// The catalogue's entry, once the stream has come to its end.
  private(set) var entry: StreamEntry?
  private var recipe: ListBuilder
  private var digest = StreamDigest()
  private var rows: [ReferenceRow] = []
  private let reference: ReferenceRun?

  /// Rows of a stream go to the reference cache together, so that those of streams side by side do not alternate: a
  /// guess at the chunk after the last one found would then be one of another stream. A block of the roll holds as many.
  private static let rowsTogether = 256

  /// - Parameter reference: gets the chunks, for the next run
  init(_ stream: DumpedStream, recipe: ListBuilder, reference: ReferenceRun?) {
    self.stream = stream
    self.recipe = recipe
    self.reference = reference
  }

  func append(_ blob: WrittenBlob) throws(Failure) {
    try recipe.append(ListChild(name: blob.name, length: blob.length))
    digest.add(blob.name)
    guard let row = blob.reference else { return }
    rows.append(row)
    if rows.count == OpenStream.rowsTogether { passRows() }
  }

  /// Ends the stream; returns the digest of what it consisted of.
  func close(_ length: UInt64) throws(Failure) -> Name {
    passRows()
    let root = try recipe.finish()
    guard root.length == length else { throw Failure(.defect, "a recipe of \(root.length) of \(length) bytes") }
    entry = StreamEntry(stream, root: root)
    return digest.finish()
  }

  private func passRows() {
    for row in rows { reference?.append(row) }
    rows.removeAll(keepingCapacity: true)
  }
}
