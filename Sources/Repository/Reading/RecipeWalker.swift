package import Bytes
package import Format

/// Walks a recipe or catalogue in stream order, one list of each level in memory.
package struct RecipeWalker {
  private let reader: BlobReader
  /// Levels strictly fall on the way down, so a list can never name itself.
  private var stack: [(level: UInt8, children: ArraySlice<ListChild>)] = []

  /// - Parameters:
  ///   - root: where to begin
  ///   - reader: opens the lists
  package init(_ root: RecipeRoot, reader: BlobReader) {
    self.reader = reader
    if root.length > 0 { stack = [(root.level + 1, [ListChild(name: root.name, length: root.length)])] }
  }

  /// The next chunk, or a hole of zero name; nil at the end.
  ///
  /// - Throws: `damaged` if a list is missing, malformed, or not as long as its parent says.
  package mutating func next() throws(Failure) -> ListChild? {
    while let top = stack.last {
      guard let child = top.children.first else {
        stack.removeLast()
        continue
      }
      stack[stack.count - 1].children.removeFirst()
      if top.level == 1 { return child }
      let list = try reader.list(child.name, level: top.level - 1)
      guard list.length == child.length, case .recipe(let children) = list.children else {
        throw Failure(.damaged, "the list \(child.name.hex.prefix(16)) is not what its parent says")
      }
      stack.append((top.level - 1, children[...]))
    }
    return nil
  }
}

/// Walks a catalogue: the streams of a snapshot, in order.
package struct CatalogueWalker {
  private let reader: BlobReader
  private var stack: [(level: UInt8, children: ArraySlice<ListChild>)] = []
  private var streams: ArraySlice<StreamEntry> = []

  package init(_ catalogue: Snapshot.Catalogue, reader: BlobReader) {
    self.reader = reader
    if catalogue.level > 0 {
      stack = [(catalogue.level + 1, [ListChild(name: catalogue.name, length: catalogue.length)])]
    }
  }

  /// The next stream; nil at the end.
  package mutating func next() throws(Failure) -> StreamEntry? {
    while true {
      if let stream = streams.popFirst() { return stream }
      guard let top = stack.last else { return nil }
      guard let child = top.children.first else {
        stack.removeLast()
        continue
      }
      stack[stack.count - 1].children.removeFirst()
      try descend(to: child, level: top.level - 1)
    }
  }

  private mutating func descend(to child: ListChild, level: UInt8) throws(Failure) {
    let list = try reader.list(child.name, level: level)
    guard list.length == child.length else {
      throw Failure(.damaged, "the list \(child.name.hex.prefix(16)) is not as long as its parent says")
    }
    switch list.children {
    case .catalogue(let children): stack.append((level, children[...]))
    case .streams(let found): streams = found[...]
    case .recipe: throw Failure(.damaged, "a recipe where a catalogue belongs")
    }
  }
}
