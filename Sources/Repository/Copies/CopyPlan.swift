import Bytes
import Format
import Pipeline
import Store
import Synchronization

/// The kinds of objects. A copy gets them in the order of `steps`.
enum CopyPhase: Int, CaseIterable, Sendable {
  case authority, rescue, enrolment, packs, index, tombstones, snapshots, annotations, records

  /// What is copied at the same time, one step after the other: whatever an object relies on comes before it, so that
  /// what is there can be used at every moment, wherever a run ends.
  static let steps: [[CopyPhase]] = [
    [.authority], [.rescue, .enrolment, .packs], [.index, .tombstones], [.snapshots], [.annotations, .records],
  ]
  /// What is listed at the same time. Last what other objects rely on: whatever a listed snapshot needs was stored
  /// before it, so that later listings show it, also while backups go on.
  fileprivate static let listings: [[CopyPhase]] = [
    [.records, .annotations], [.snapshots, .tombstones], [.authority, .rescue, .enrolment, .packs, .index],
  ]

  /// The folders of one writer; nil for what belongs to none.
  fileprivate var folder: String? {
    switch self {
    case .enrolment: "enrolment"
    case .packs: "packs"
    case .index: "index"
    case .tombstones: "tombstones"
    case .snapshots: "snapshots"
    case .authority, .rescue, .annotations, .records: nil
    }
  }

  fileprivate func prefixes(_ writers: [Identifier]) -> [String] {
    switch self {
    case .authority: [ObjectPath.authorityFolder]
    case .rescue: [ObjectPath.rescueFolder]
    case .records: [ObjectPath.recordsFolder]
    case .annotations: [ObjectPath.annotationsFolder]
    default: writers.map { ObjectPath.folder(folder ?? "", of: $0) }
    }
  }

  /// The kind of an object.
  fileprivate init(_ object: ObjectPath) {
    self =
      switch object {
      case .authority: .authority
      case .enrolment: .enrolment
      case .pack: .packs
      case .index: .index
      case .snapshot: .snapshots
      case .tombstone: .tombstones
      case .record: .records
      case .annotation: .annotations
      }
  }
}

/// An object that a copy is to have.
struct CopyItem: Sendable {
  let path: StorePath
  /// Bytes, as the listing says.
  let size: UInt64
  /// What they must hash to.
  let digest: Name
}

/// What a repository holds that is worth a copy.
struct CopyPlan: Sendable {
  private(set) var items: [CopyPhase: [CopyItem]] = [:]
  /// Paths, or folders, of what is no object of this format.
  private(set) var strangers: [String] = []

  /// Lists a repository.
  ///
  /// - Throws: `storeMissing` if there is no repository
  init(of store: any Store) throws(Failure) {
    let folders = try store.folders(in: ObjectPath.writersFolder)
    let writers = folders.compactMap { Identifier(hex: $0) }.sorted()
    try noteStrangers(in: store, folders)
    var rescue: [StoredObject] = []
    for phases in CopyPhase.listings {
      let places = phases.flatMap { phase in phase.prefixes(writers).map { (phase: phase, prefix: $0) } }
      let listed = try CopyPlan.sideBySide(places.count) { (number) throws(Failure) -> [StoredObject] in
        try store.list(places[number].prefix)
      }
      for (place, objects) in zip(places, listed) { add(objects, of: place.phase, &rescue) }
    }
    guard let statements = items[.authority], !statements.isEmpty else {
      throw Failure(
        .storeMissing, "no repository here: there is no authority statement", at: store.description,
        next: "Check the location.")
    }
    try addRescue(rescue, statements, store)
  }

  private mutating func add(_ objects: [StoredObject], of phase: CopyPhase, _ rescue: inout [StoredObject]) {
    for stored in objects {
      if let object = ObjectPath(stored.path.text), CopyPhase(object) == phase {
        items[phase, default: []].append(CopyItem(path: stored.path, size: stored.size, digest: object.name))
      } else if phase == .rescue {
        rescue.append(stored)
      } else {
        strangers.append(stored.path.text)
      }
    }
  }

  /// What is asked of a store at the same time, in order: one after the other it would be a round trip each.
  private static func sideBySide<Value: Sendable>(
    _ count: Int, _ ask: @escaping @Sendable (Int) throws(Failure) -> Value
  ) throws(Failure) -> [Value] {
    let answers = Mutex<[Int: Value]>([:])
    try ParallelWork.run(count, threads: 8, named: "list", stop: StopSignal()) { (number) throws(Failure) in
      let answer = try ask(number)
      answers.withLock { $0[number] = answer }
    }
    return answers.withLock { found in (0..<count).compactMap { found[$0] } }
  }

  /// All of them, by path.
  var all: [CopyItem] { items.values.flatMap { $0 }.sorted { $0.path < $1.path } }

  /// Folders that a later version may have made: nothing that is left out goes unnamed.
  private mutating func noteStrangers(in store: any Store, _ writers: [String]) throws(Failure) {
    let known = ["annotations", "authority", "writers", "records", "rescue"]
    let kinds = CopyPhase.allCases.compactMap(\.folder)
    let names = writers.sorted().map { "\(ObjectPath.writersFolder)\($0)/" }
    strangers += zip(writers.sorted(), names).filter { Identifier(hex: $0.0) == nil }.map(\.1)
    let folders = [""] + names.filter { !strangers.contains($0) }
    let found = try CopyPlan.sideBySide(folders.count) { (number) throws(Failure) -> [String] in
      try store.folders(in: folders[number])
    }
    for (folder, names) in zip(folders, found) {
      let expected = folder.isEmpty ? known : kinds
      strangers += names.filter { !expected.contains($0) }.sorted().map { "\(folder)\($0)/" }
    }
  }

  /// The digests of rescue files stand in the statements of authority. Who signed those is not looked at: this is about
  /// whether bytes are what somebody wrote once, and it is done without a key.
  private mutating func addRescue(
    _ stored: [StoredObject], _ statements: [CopyItem], _ store: any Store
  ) throws(Failure) {
    var digests: [String: Name] = [:]
    let objects = ObjectStore(store)
    for item in statements {
      guard let object = ObjectPath(item.path.text), let bytes = try CopyPlan.read(object, objects),
        let statement = CopyPlan.statement(bytes)
      else { continue }
      let folder = "\(ObjectPath.rescueFolder)\(statement.rescue.reader.hex)"
      digests["\(folder)/rescue.py"] = statement.rescue.reader
      digests["\(folder)/FORMAT.md"] = statement.rescue.format
    }
    for file in stored {
      if let digest = digests[file.path.text] {
        items[.rescue, default: []].append(CopyItem(path: file.path, size: file.size, digest: digest))
      } else {
        strangers.append(file.path.text)
      }
    }
  }

  /// Nil for one that is damaged or gone: that is found again, and told, when it is to be copied.
  private static func read(_ object: ObjectPath, _ objects: ObjectStore) throws(Failure) -> [UInt8]? {
    do throws(Failure) {
      return try objects.read(object)
    } catch {
      guard error.code.isAboutTheObject else { throw error }
      return nil
    }
  }

  private static func statement(_ bytes: [UInt8]) -> AuthorityStatement? {
    guard bytes.count >= 32, let repository = Identifier(bytes[16..<32]),
      let envelope = try? Envelope.open(bytes, kind: .authority, repository: repository, writer: .zero)
    else { return nil }
    return try? AuthorityStatement(body: envelope.body)
  }
}
