package import Bytes

/// Where objects lie in a store (FORMAT.md, section 1): one place that spells paths, and reads them back.
package enum ObjectPath: Hashable, Sendable {
  case authority(number: UInt64, Name)
  case enrolment(writer: Identifier, Name)
  case pack(writer: Identifier, Name)
  case index(writer: Identifier, Name)
  case snapshot(writer: Identifier, Name)
  case tombstone(writer: Identifier, Name)
  case record(Name)
  case annotation(Name)

  /// The folders that hold whole kinds.
  package static let authorityFolder = "authority/"
  package static let writersFolder = "writers/"
  package static let recordsFolder = "records/"
  package static let annotationsFolder = "annotations/"
  package static let rescueFolder = "rescue/"

  /// The folder of one kind of a writer's objects: `packs`, `index`, `snapshots`, `enrolment`, `tombstones`.
  package static func folder(_ kind: String, of writer: Identifier) -> String { "writers/\(writer.hex)/\(kind)/" }

  /// The path.
  package var path: String {
    switch self {
    case .authority(let number, let name): "authority/\(ObjectPath.eightDigits(number))-\(name.hex)"
    case .enrolment(let writer, let name): "writers/\(writer.hex)/enrolment/\(name.hex)"
    case .pack(let writer, let name): "writers/\(writer.hex)/packs/\(name.hex.prefix(2))/\(name.hex)"
    case .index(let writer, let name): "writers/\(writer.hex)/index/\(name.hex)"
    case .snapshot(let writer, let name): "writers/\(writer.hex)/snapshots/\(name.hex)"
    case .tombstone(let writer, let name): "writers/\(writer.hex)/tombstones/\(name.hex)"
    case .record(let name): "records/\(name.hex)"
    case .annotation(let name): "annotations/\(name.hex)"
    }
  }

  /// The SHA-256 that the object's bytes must have.
  package var name: Name {
    switch self {
    case .authority(_, let name), .enrolment(_, let name), .pack(_, let name), .index(_, let name),
      .snapshot(_, let name), .tombstone(_, let name), .record(let name), .annotation(let name):
      name
    }
  }

  /// What the object is, in one word, for messages.
  package var kind: String {
    switch self {
    case .authority: "authority statement"
    case .enrolment: "enrolment"
    case .pack: "pack"
    case .index: "index"
    case .snapshot: "snapshot"
    case .tombstone: "tombstone"
    case .record: "record"
    case .annotation: "annotation"
    }
  }

  /// The most bytes that a stored object of this kind may have.
  package var limit: Int {
    switch self {
    case .pack, .index: Limits.object
    case .snapshot: Limits.snapshot
    case .authority, .enrolment, .tombstone, .record, .annotation: Limits.envelope
    }
  }

  /// Reads a path; nil for a path that no object of this version has, spelled in exactly one way.
  package init?(_ path: String) {
    let parts = path.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    guard let object = ObjectPath.parse(parts), object.path == path else { return nil }
    self = object
  }

  private static func parse(_ parts: [String]) -> ObjectPath? {
    switch (parts.first, parts.count) {
    case ("authority", 2):
      let halves = parts[1].split(separator: "-", maxSplits: 1).map(String.init)
      guard halves.count == 2, let number = UInt64(halves[0]), let name = Name(hex: halves[1]) else { return nil }
      return .authority(number: number, name)
    case ("records", 2): return Name(hex: parts[1]).map { .record($0) }
    case ("annotations", 2): return Name(hex: parts[1]).map { .annotation($0) }
    case ("writers", 4), ("writers", 5): return parseWriter(parts)
    default: return nil
    }
  }

  private static func parseWriter(_ parts: [String]) -> ObjectPath? {
    guard let writer = Identifier(hex: parts[1]), let last = parts.last, let name = Name(hex: last) else { return nil }
    switch (parts[2], parts.count) {
    case ("enrolment", 4): return .enrolment(writer: writer, name)
    case ("index", 4): return .index(writer: writer, name)
    case ("snapshots", 4): return .snapshot(writer: writer, name)
    case ("tombstones", 4): return .tombstone(writer: writer, name)
    case ("packs", 5): return .pack(writer: writer, name)
    default: return nil
    }
  }

  private static func eightDigits(_ number: UInt64) -> String {
    let digits = String(number)
    return String(repeating: "0", count: max(0, 8 - digits.count)) + digits
  }
}

extension ObjectPath: CustomStringConvertible {
  package var description: String { path }
}
