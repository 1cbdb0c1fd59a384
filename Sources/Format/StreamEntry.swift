package import Bytes

/// One stream of a snapshot as the catalogue lists it: a dump, or an entry of a directory tree.
package struct StreamEntry: Sendable, Equatable {
  /// What the stream becomes when it is restored.
  package enum Kind: UInt8, Sendable {
    case dump = 1
    case file = 2
    case folder = 3
    case symbolicLink = 4
  }

  package let kind: Kind
  /// Relative, parts joined by `/`; bytes, not text.
  package let name: [UInt8]
  /// The target of a symbolic link, empty for others.
  package let target: [UInt8]
  /// Permission bits.
  package let mode: UInt32
  package let owner: UInt32
  package let group: UInt32
  /// Nanoseconds since the epoch, UTC.
  package let modified: Int64
  /// The recipe's root; level 0 is a data blob itself.
  package let root: RecipeRoot

  package init(
    kind: Kind, name: [UInt8], target: [UInt8] = [], mode: UInt32, owner: UInt32, group: UInt32, modified: Int64,
    root: RecipeRoot
  ) {
    self.kind = kind
    self.name = name
    self.target = target
    self.mode = mode
    self.owner = owner
    self.group = group
    self.modified = modified
    self.root = root
  }

  /// Plain bytes of the stream.
  package var length: UInt64 { root.length }

  /// The name for people: UTF-8 where it is, `\xNN` where not; control characters are escaped.
  package var displayName: String { DisplayText.of(name) }

  /// True for a relative path without empty, `.` or `..` parts and without a zero byte: safe to create below a folder.
  package static func isSafe(_ name: [UInt8]) -> Bool {
    guard !name.isEmpty, name.count <= 4096, !name.contains(0) else { return false }
    return name.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).allSatisfy {
      !$0.isEmpty && !$0.elementsEqual([0x2e]) && !$0.elementsEqual([0x2e, 0x2e])
    }
  }

  func write(to writer: inout ByteWriter) {
    writer.integer(kind.rawValue)
    writer.integer(root.level)
    writer.short(name)
    writer.short(target)
    writer.integer(mode)
    writer.integer(owner)
    writer.integer(group)
    writer.integer(modified)
    writer.integer(root.length)
    writer.name(root.name)
  }

  init(from reader: inout ByteReader) throws(Failure) {
    guard let kind = Kind(rawValue: try reader.integer(UInt8.self)) else { throw reader.mismatch("stream kind") }
    self.kind = kind
    let level = try reader.integer(UInt8.self)
    name = try reader.short()
    target = try reader.short()
    mode = try reader.integer(UInt32.self)
    owner = try reader.integer(UInt32.self)
    group = try reader.integer(UInt32.self)
    modified = Int64(bitPattern: try reader.integer(UInt64.self))
    let length = try reader.integer(UInt64.self)
    root = RecipeRoot(level: level, name: try reader.name(), length: length)
    guard StreamEntry.isSafe(name) else { throw reader.mismatch("stream name \(displayName)") }
    guard level <= Limits.listLevel, (root.name == .zero) == (length == 0) else { throw reader.mismatch("recipe root") }
    let carriesBytes = kind == .dump || kind == .file
    guard carriesBytes || length == 0, (kind == .symbolicLink) == !target.isEmpty else {
      throw reader.mismatch("a \(kind) with bytes or target")
    }
  }
}

/// The top of a recipe or catalogue: 32 bytes that stand for a stream of any length.
package struct RecipeRoot: Hashable, Sendable {
  /// 0: the data blob itself.
  package let level: UInt8
  package let name: Name
  /// Plain bytes.
  package let length: UInt64

  package init(level: UInt8, name: Name, length: UInt64) {
    self.level = level
    self.name = name
    self.length = length
  }

  /// The root of a stream without bytes.
  package static let empty = RecipeRoot(level: 0, name: .zero, length: 0)
}
