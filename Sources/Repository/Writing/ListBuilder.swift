package import Bytes
package import Format

/// Builds a tree of lists from the bottom up: a recipe from chunks, a catalogue from streams.
///
/// Lists end where the content says so, so that a change in one place leaves the other lists of a stream as they
/// were: tomorrow's recipe shares them.
package struct ListBuilder {
  /// A list ends at a child whose name's leading bits are zero (1 in 256), after at least 64 and at most 4096.
  private static let boundaryMask: UInt64 = 0xff << 56
  private static let fewest = 64
  private static let most = 4096
  /// A list of streams also ends when its names grow to so many bytes.
  private static let longest = 1 << 20

  private enum Sort { case recipe, catalogue }

  private let sort: Sort
  private let write: (ListBlob) throws(Failure) -> Name
  /// Level *l*'s pending children at position *l* − 1; for a catalogue, position 0 stays empty.
  private var pending: [[ListChild]] = [[]]
  private var streams: [StreamEntry] = []
  private var streamBytes = 0

  /// A recipe; `write` stores a list and returns its name.
  package static func recipe(write: @escaping (ListBlob) throws(Failure) -> Name) -> ListBuilder {
    ListBuilder(sort: .recipe, write: write)
  }

  /// A catalogue; `write` stores a list and returns its name.
  package static func catalogue(write: @escaping (ListBlob) throws(Failure) -> Name) -> ListBuilder {
    ListBuilder(sort: .catalogue, write: write)
  }

  private init(sort: Sort, write: @escaping (ListBlob) throws(Failure) -> Name) {
    self.sort = sort
    self.write = write
  }

  /// Appends a chunk to a recipe.
  package mutating func append(_ child: ListChild) throws(Failure) { try append(child, level: 1) }

  /// Appends a stream to a catalogue.
  package mutating func append(_ stream: StreamEntry) throws(Failure) {
    streams.append(stream)
    streamBytes += stream.name.count + stream.target.count + 64
    let isBoundary = stream.root.name.prefix & ListBuilder.boundaryMask == 0 && stream.root.name != .zero
    let isLong = streams.count >= ListBuilder.most || streamBytes >= ListBuilder.longest
    if isLong || (isBoundary && streams.count >= ListBuilder.fewest) { try closeStreams() }
  }

  /// The root of what was appended; `RecipeRoot.empty` for nothing.
  package mutating func finish() throws(Failure) -> RecipeRoot {
    if !streams.isEmpty { try closeStreams() }
    var level: UInt8 = 1
    while Int(level) <= pending.count {
      let children = pending[Int(level) - 1]
      let isTop = Int(level) == pending.count
      if isTop, children.count <= 1 {
        guard let only = children.first else { return .empty }
        return RecipeRoot(level: level - 1, name: only.name, length: only.length)
      }
      if !children.isEmpty { try close(level) }
      level += 1
    }
    return .empty
  }

  private mutating func append(_ child: ListChild, level: UInt8) throws(Failure) {
    guard level <= Limits.listLevel + 1 else { throw Failure(.defect, "a list tree of more than six levels") }
    while pending.count < Int(level) { pending.append([]) }
    pending[Int(level) - 1].append(child)
    let count = pending[Int(level) - 1].count
    let isBoundary = child.name.prefix & ListBuilder.boundaryMask == 0 && count >= ListBuilder.fewest
    if isBoundary || count >= ListBuilder.most { try close(level) }
  }

  private mutating func close(_ level: UInt8) throws(Failure) {
    let children = pending[Int(level) - 1]
    pending[Int(level) - 1] = []
    let list = ListBlob(level: level, children: sort == .recipe ? .recipe(children) : .catalogue(children))
    try append(ListChild(name: try write(list), length: list.length), level: level + 1)
  }

  private mutating func closeStreams() throws(Failure) {
    let list = ListBlob(level: 1, children: .streams(streams))
    streams = []
    streamBytes = 0
    try append(ListChild(name: try write(list), length: list.length), level: 2)
  }
}
