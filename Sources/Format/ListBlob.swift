package import Bytes

/// What a list names: a blob or another list, and how many plain bytes it stands for.
package struct ListChild: Hashable, Sendable {
  /// Zero in a recipe of level 1: a hole, that many zero bytes.
  package let name: Name
  package let length: UInt64

  package init(name: Name, length: UInt64) {
    self.name = name
    self.length = length
  }
}

/// The plain content of a list blob (FORMAT.md, section 8): one node of a recipe or of the catalogue.
package struct ListBlob: Sendable, Equatable {
  /// What the children are.
  package enum Children: Sendable, Equatable {
    case recipe([ListChild])
    /// A catalogue above level 1.
    case catalogue([ListChild])
    /// A catalogue of level 1.
    case streams([StreamEntry])
  }

  package let level: UInt8
  /// Plain bytes of everything below.
  package let length: UInt64
  package let children: Children

  package init(level: UInt8, children: Children) {
    self.level = level
    self.children = children
    length =
      switch children {
      case .recipe(let list), .catalogue(let list): list.reduce(0) { $0 + $1.length }
      case .streams(let list): list.reduce(0) { $0 + $1.length }
      }
  }

  private static let magic = Array("list".utf8)

  /// The plain bytes.
  package var bytes: [UInt8] {
    var writer = ByteWriter()
    writer.raw(ListBlob.magic)
    writer.integer(level)
    switch children {
    case .recipe(let list):
      ListBlob.write(sort: 1, count: list.count, length: length, to: &writer)
      ListBlob.write(list, to: &writer)
    case .catalogue(let list):
      ListBlob.write(sort: 2, count: list.count, length: length, to: &writer)
      ListBlob.write(list, to: &writer)
    case .streams(let list):
      ListBlob.write(sort: 2, count: list.count, length: length, to: &writer)
      for stream in list { stream.write(to: &writer) }
    }
    return writer.bytes
  }

  /// Reads a list blob and checks that its children's lengths sum to its own.
  package init(_ bytes: [UInt8]) throws(Failure) {
    var reader = ByteReader(bytes, of: "list")
    guard try reader.take(4).elementsEqual(ListBlob.magic) else { throw reader.mismatch("magic") }
    let level = try reader.integer(UInt8.self)
    let sort = try reader.integer(UInt8.self)
    let zeros = try reader.integer(UInt16.self)
    guard (1...Limits.listLevel).contains(level), zeros == 0 else { throw reader.mismatch("level \(level)") }
    let count = Int(try reader.integer(UInt32.self))
    let stated = try reader.integer(UInt64.self)
    switch (sort, level) {
    case (1, _): children = .recipe(try ListBlob.children(count, level: level, holes: level == 1, from: &reader))
    case (2, 1): children = .streams(try ListBlob.streams(count, from: &reader))
    case (2, _): children = .catalogue(try ListBlob.children(count, level: level, holes: false, from: &reader))
    default: throw reader.mismatch("sort \(sort)")
    }
    try reader.end()
    self.level = level
    length = stated
    let lengths: [UInt64] =
      switch children {
      case .recipe(let list), .catalogue(let list): list.map(\.length)
      case .streams(let list): list.map(\.length)
      }
    var sum: UInt64 = 0
    for length in lengths {
      let (next, overflow) = sum.addingReportingOverflow(length)
      guard !overflow else { throw reader.mismatch("total length") }
      sum = next
    }
    guard sum == stated else { throw reader.mismatch("total length") }
  }

  private static func write(sort: UInt8, count: Int, length: UInt64, to writer: inout ByteWriter) {
    writer.integer(sort)
    writer.integer(UInt16(0))
    writer.integer(UInt32(count))
    writer.integer(length)
  }

  private static func write(_ list: [ListChild], to writer: inout ByteWriter) {
    for child in list {
      writer.name(child.name)
      writer.integer(child.length)
    }
  }

  private static func children(
    _ count: Int, level: UInt8, holes: Bool, from reader: inout ByteReader
  ) throws(Failure) -> [ListChild] {
    guard count * 40 == reader.remaining else { throw reader.mismatch("\(count) children") }
    var list: [ListChild] = []
    list.reserveCapacity(count)
    for _ in 0..<count {
      let child = ListChild(name: try reader.name(), length: try reader.integer(UInt64.self))
      guard holes || child.name != .zero else { throw reader.mismatch("a child without a name") }
      list.append(child)
    }
    return list
  }

  private static func streams(_ count: Int, from reader: inout ByteReader) throws(Failure) -> [StreamEntry] {
    var list: [StreamEntry] = []
    for _ in 0..<count { list.append(try StreamEntry(from: &reader)) }
    return list
  }
}
