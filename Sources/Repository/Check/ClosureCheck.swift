import Bytes
import Format

/// Why something that a snapshot needs cannot be had, or will not stay.
enum LossCause: Hashable, Sendable {
  /// A blob in this pack is lost, or the pack is.
  case pack(Int)
  /// No pack that can be read holds it.
  case nowhere
  /// The session key, by its position in the index, does not open.
  case key(Int)
  /// Signed content that contradicts itself.
  case shape(String)
  /// It is there, but a prune has marked its pack for deletion.
  case tombstoned(Int)

  /// True if everything can still be read.
  var isHarmless: Bool {
    if case .tombstoned = self { return true }
    return false
  }
}

/// Walks what snapshots need. Each list is read once, however many snapshots share it.
struct ClosureCheck {
  /// The same list stands for different things at different levels; only one of them can be right.
  private struct Place: Hashable {
    let name: Name
    let level: UInt8
    let isCatalogue: Bool
  }

  /// What stands below a list.
  private struct Verdict {
    /// Nil if the list cannot be read.
    var length: UInt64?
    var streams: UInt64 = 0
    var causes: Set<LossCause> = []
  }

  private let loaded: LoadedNamespace
  private let faults: PackFaults
  private let lostKeys: Set<Int>
  private let reader: BlobReader
  private var verdicts: [Place: Verdict] = [:]
  /// Packs whose lists turned out not to open, though nothing was known to be wrong with them.
  private(set) var suspects: [Int: Failure] = [:]
  private(set) var bytesRead: UInt64 = 0
  /// Why copies are not good, by place. Good copies are not remembered: there may be a hundred million, and the way
  /// down a good chain is as long as the chain. A bad one would be looked at again from every copy of every level
  /// above it, twice as often with each.
  private var flaws: [UInt64: Set<LossCause>] = [:]

  init(_ loaded: LoadedNamespace, _ source: BlobSource, _ faults: PackFaults, lostKeys: Set<Int>) {
    self.loaded = loaded
    self.faults = faults
    self.lostKeys = lostKeys
    reader = BlobReader(source)
  }

  /// Why the snapshot cannot be restored in full; empty if it can.
  mutating func causes(of snapshot: Snapshot) throws(Failure) -> Set<LossCause> {
    let catalogue = snapshot.catalogue
    guard catalogue.level > 0 else { return [] }
    let child = ListChild(name: catalogue.name, length: catalogue.length)
    var verdict = try visit(child, level: catalogue.level, isCatalogue: true)
    if verdict.length != nil, verdict.streams != catalogue.streams {
      verdict.causes.insert(.shape("its catalogue has \(verdict.streams) streams and not \(catalogue.streams)"))
    }
    return verdict.causes
  }

  private mutating func visit(_ child: ListChild, level: UInt8, isCatalogue: Bool) throws(Failure) -> Verdict {
    let place = Place(name: child.name, level: level, isCatalogue: isCatalogue)
    let verdict: Verdict
    if let known = verdicts[place] {
      verdict = known
    } else {
      verdict = try load(place)
      verdicts[place] = verdict
    }
    if let length = verdict.length, length != child.length { return wrong(child.name) }
    return verdict
  }

  /// Levels are compared before children are visited, so that the walk is never deeper than a tree may be.
  private mutating func load(_ place: Place) throws(Failure) -> Verdict {
    let causes = causes(of: place.name, .list, length: nil)
    guard causes.allSatisfy(\.isHarmless) else { return Verdict(causes: causes) }
    guard let bytes = try read(place.name) else {
      return Verdict(causes: Set(loaded.index.copies(of: place.name).map { .pack($0.pack) }))
    }
    guard let list = try? ListBlob(bytes), list.level == place.level else { return wrong(place.name) }
    var verdict = Verdict(length: list.length, causes: causes)
    switch list.children {
    case .recipe(let children):
      guard !place.isCatalogue else { return wrong(place.name) }
      for child in children { try add(child, level: list.level - 1, isCatalogue: false, &verdict) }
    case .catalogue(let children):
      guard place.isCatalogue else { return wrong(place.name) }
      for child in children { try add(child, level: list.level - 1, isCatalogue: true, &verdict) }
    case .streams(let streams):
      guard place.isCatalogue else { return wrong(place.name) }
      verdict.streams = UInt64(streams.count)
      for stream in streams where stream.length > 0 {
        let root = ListChild(name: stream.root.name, length: stream.length)
        try add(root, level: stream.root.level, isCatalogue: false, &verdict)
      }
    }
    return verdict
  }

  private mutating func add(
    _ child: ListChild, level: UInt8, isCatalogue: Bool, _ verdict: inout Verdict
  ) throws(Failure) {
    if level > 0 {
      let below = try visit(child, level: level, isCatalogue: isCatalogue)
      verdict.causes.formUnion(below.causes)
      if isCatalogue { verdict.streams = verdict.streams.addingReportingOverflow(below.streams).partialValue }
    } else if child.name != .zero {
      let causes = causes(of: child.name, .data, length: child.length)
      if !causes.isEmpty { verdict.causes.formUnion(causes) }
    }
  }

  private mutating func read(_ name: Name) throws(Failure) -> [UInt8]? {
    let copies = loaded.index.copies(of: name)
    bytesRead += copies.first.map { UInt64($0.sealedLength) } ?? 0
    do throws(Failure) {
      return try reader.whole(name, .list)
    } catch {
      guard error.code.isAboutTheObject else { throw error }
      for copy in copies where faults.reasons[copy.pack] == nil {
        suspects[copy.pack] = Failure(error.code, error.what, next: error.next)
      }
      return nil
    }
  }

  private func wrong(_ name: Name) -> Verdict {
    Verdict(causes: [.shape("the list \(name.hex.prefix(16)) is not what its parent says")])
  }

  /// Why none of the copies of a blob is good; empty if one is.
  private mutating func causes(
    of name: Name, _ kind: BlobKind, length: UInt64?, below depth: Int = Int(UInt8.max) + 1
  ) -> Set<LossCause> {
    var causes: Set<LossCause> = []
    var harmless: Set<LossCause>?
    for copy in loaded.index.copies(of: name) where copy.kind == kind && Int(copy.depth) < depth {
      let found = self.causes(of: copy, length: length)
      if found.isEmpty { return [] }
      if found.allSatisfy(\.isHarmless) { harmless = harmless ?? found } else { causes.formUnion(found) }
    }
    return harmless ?? (causes.isEmpty ? [.nowhere] : causes)
  }

  private mutating func causes(of copy: BlobLocation, length: UInt64?) -> Set<LossCause> {
    let found = flaws[copy.place] ?? flaws(of: copy)
    if !found.isEmpty { flaws[copy.place] = found }
    if let length, length != UInt64(copy.plainLength), found.allSatisfy(\.isHarmless) {
      return [.shape("the chunk \(copy.name.hex.prefix(16)) is not as long as its recipe says")]
    }
    return found
  }

  /// The causes that lie in this copy and below it; its length apart.
  private mutating func flaws(of copy: BlobLocation) -> Set<LossCause> {
    let pack = loaded.index.packs[copy.pack]
    if !pack.isListed || faults.isLost(copy) { return [.pack(copy.pack)] }
    if lostKeys.contains(copy.key) { return [.key(copy.key)] }
    var causes: Set<LossCause> = loaded.tombstoned.contains(pack.name) ? [.tombstoned(copy.pack)] : []
    if let base = loaded.index.base(of: copy) {
      causes.formUnion(self.causes(of: base, copy.kind, length: nil, below: Int(copy.depth)))
    }
    return causes
  }
}
