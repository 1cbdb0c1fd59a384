import Bytes
import Format
import Store

/// The kinds of objects in the order in which a copy gets them: whatever an object relies on comes before it, so that
/// what is there can be used at every moment, wherever a run ends.
enum CopyPhase: Int, CaseIterable, Sendable {
  case rescue, authority, enrolment, packs, index, tombstones, snapshots, annotations, records

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

  /// Lists a repository, last what other objects rely on: whatever a listed snapshot needs was stored before it, so that
  /// later listings show it, also while backups go on.
  ///
  /// - Throws: `storeMissing` if there is no repository
  init(of store: any Store) throws(Failure) {
    let folders = try store.folders(in: ObjectPath.writersFolder)
    let writers = folders.compactMap { Identifier(hex: $0) }.sorted()
    try noteStrangers(in: store, folders)
    var rescue: [StoredObject] = []
    for phase in CopyPhase.allCases.reversed() {
      for prefix in phase.prefixes(writers) {
        for stored in try store.list(prefix) {
          if let object = ObjectPath(stored.path.text), CopyPhase(object) == phase {
            items[phase, default: []].append(CopyItem(path: stored.path, size: stored.size, digest: object.name))
          } else if phase == .rescue {
            rescue.append(stored)
          } else {
            strangers.append(stored.path.text)
          }
        }
      }
    }
    guard let statements = items[.authority], !statements.isEmpty else {
      throw Failure(
        .storeMissing, "no repository here: there is no authority statement", at: store.description,
        next: "Check the location.")
    }
    try addRescue(rescue, statements, store)
  }

  /// All of them, by path.
  var all: [CopyItem] { items.values.flatMap { $0 }.sorted { $0.path < $1.path } }

  /// Folders that a later version may have made: nothing that is left out goes unnamed.
  private mutating func noteStrangers(in store: any Store, _ writers: [String]) throws(Failure) {
    let known = ["annotations", "authority", "writers", "records", "rescue"]
    strangers += try store.folders(in: "").filter { !known.contains($0) }.sorted().map { "\($0)/" }
    let kinds = CopyPhase.allCases.compactMap(\.folder)
    for writer in writers.sorted() {
      let folder = "\(ObjectPath.writersFolder)\(writer)/"
      guard Identifier(hex: writer) != nil else {
        strangers.append(folder)
        continue
      }
      strangers += try store.folders(in: folder).filter { !kinds.contains($0) }.sorted().map { "\(folder)\($0)/" }
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
