package import Bytes
package import Format

/// Walks a recipe or catalogue in stream order, one list of each level in memory.
package struct RecipeWalker {
  private let reader: BlobReader
  /// Levels strictly fall on the way down, so a list can never name itself.
  private var stack: [ListLevel] = []

  /// - Parameters:
  ///   - root: where to begin
  ///   - reader: opens the lists
  package init(_ root: RecipeRoot, reader: BlobReader) {
    self.reader = reader
    if root.length > 0 { stack = [ListLevel(root.level + 1, [ListChild(name: root.name, length: root.length)])] }
  }

  /// The next chunk, or a hole of zero name; nil at the end.
  ///
  /// - Throws: `damaged` if a list is missing, malformed, or not as long as its parent says.
  package mutating func next() throws(Failure) -> ListChild? {
    while let level = stack.last?.level {
      guard let child = try stack[stack.count - 1].next(reader) else {
        stack.removeLast()
        continue
      }
      if level == 1 { return child }
      let list = try reader.list(child.name, level: level - 1)
      guard list.length == child.length, case .recipe(let children) = list.children else {
        throw Failure(.damaged, "the list \(child.name.hex.prefix(16)) is not what its parent says")
      }
      stack.append(ListLevel(level - 1, children))
    }
    return nil
  }
}

/// Walks a catalogue: the streams of a snapshot, in order.
package struct CatalogueWalker {
  private let reader: BlobReader
  private var stack: [ListLevel] = []
  private var streams: ArraySlice<StreamEntry> = []
  /// Where the streams begin whose recipes are not read ahead yet.
  private var expected = 0

  package init(_ catalogue: Snapshot.Catalogue, reader: BlobReader) {
    self.reader = reader
    if catalogue.level > 0 {
      stack = [ListLevel(catalogue.level + 1, [ListChild(name: catalogue.name, length: catalogue.length)])]
    }
  }

  /// The next stream; nil at the end.
  package mutating func next() throws(Failure) -> StreamEntry? {
    while true {
      if !streams.isEmpty {
        try expectRecipes()
        return streams.removeFirst()
      }
      guard let level = stack.last?.level else { return nil }
      guard let child = try stack[stack.count - 1].next(reader) else {
        stack.removeLast()
        continue
      }
      try descend(to: child, level: level - 1)
    }
  }

  private mutating func expectRecipes() throws(Failure) {
    let end = min(streams.startIndex + ListLevel.ahead, streams.endIndex)
    guard expected < end else { return }
    try reader.expect(streams[expected..<end].lazy.filter { $0.root.level > 0 && $0.length > 0 }.map(\.root.name))
    expected = end
  }

  private mutating func descend(to child: ListChild, level: UInt8) throws(Failure) {
    let list = try reader.list(child.name, level: level)
    guard list.length == child.length else {
      throw Failure(.damaged, "the list \(child.name.hex.prefix(16)) is not as long as its parent says")
    }
    switch list.children {
    case .catalogue(let children): stack.append(ListLevel(level, children))
    case .streams(let found):
      streams = found[...]
      expected = 0
    case .recipe: throw Failure(.damaged, "a recipe where a catalogue belongs")
    }
  }
}

/// What a list names, taken in order; where these are lists, the next ones are read ahead.
private struct ListLevel {
  /// Lists that are read ahead on each level.
  static let ahead = 16

  /// One more than that of the children: those of level 1 are chunks.
  let level: UInt8
  private var children: ArraySlice<ListChild>
  /// Where the children begin that are not read ahead yet.
  private var expected = 0

  init(_ level: UInt8, _ children: [ListChild]) {
    self.level = level
    self.children = children[...]
  }

  mutating func next(_ reader: BlobReader) throws(Failure) -> ListChild? {
    let end = min(children.startIndex + ListLevel.ahead, children.endIndex)
    if level > 1, expected < end {
      try reader.expect(children[expected..<end].lazy.map(\.name))
      expected = end
    }
    return children.popFirst()
  }
}
