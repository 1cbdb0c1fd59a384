import Bytes
import Format
import Store

/// Everything that lies in a store, sorted by whose it is.
struct Inventory: Sendable {
  /// One writer's folder.
  struct Folder: Sendable {
    var enrolments: Set<Name> = []
    var packs: [Name: UInt64] = [:]
    var indexes: Set<Name> = []
    var snapshots: Set<Name> = []
    var tombstones: Set<Name> = []
  }

  private(set) var folders: [Identifier: Folder] = [:]
  private(set) var records: Set<Name> = []
  private(set) var annotations: Set<Name> = []
  private(set) var rescue: [StoredObject] = []
  /// Objects that have no path of this format.
  private(set) var unknown: [StoredObject] = []
  private(set) var objects: UInt64 = 0
  private(set) var bytes: UInt64 = 0

  /// Lists the whole store.
  static func take(_ store: any Store) throws(Failure) -> Inventory {
    var inventory = Inventory()
    try store.list("") { (stored) throws(Failure) in inventory.add(stored) }
    return inventory
  }

  /// Objects that are read whole whatever the request says.
  var smallObjects: Int {
    folders.values.reduce(records.count + annotations.count) {
      $0 + $1.enrolments.count + $1.indexes.count + $1.snapshots.count + $1.tombstones.count
    }
  }

  private mutating func add(_ stored: StoredObject) {
    objects += 1
    bytes += stored.size
    switch ObjectPath(stored.path.text) {
    case .authority: break
    case .enrolment(let writer, let name): folders[writer, default: Folder()].enrolments.insert(name)
    case .pack(let writer, let name): folders[writer, default: Folder()].packs[name] = stored.size
    case .index(let writer, let name): folders[writer, default: Folder()].indexes.insert(name)
    case .snapshot(let writer, let name): folders[writer, default: Folder()].snapshots.insert(name)
    case .tombstone(let writer, let name): folders[writer, default: Folder()].tombstones.insert(name)
    case .record(let name): records.insert(name)
    case .annotation(let name): annotations.insert(name)
    case nil:
      if stored.path.text.hasPrefix(ObjectPath.rescueFolder) { rescue.append(stored) } else { unknown.append(stored) }
    }
  }
}

extension OpenRepository {
  /// True if the store does not have the object even when it is asked for it alone: listings may have missed what
  /// came while they were made.
  func isGone(_ object: ObjectPath) throws(Failure) -> Bool {
    try objects.store.size(of: try StorePath(checking: object.path)) == nil
  }
}
