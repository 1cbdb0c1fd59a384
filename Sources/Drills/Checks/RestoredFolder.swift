import Bytes
import Databases
import Format
import Glibc

/// What a restore left in its folder, for checks to look at.
struct RestoredFolder {
  /// The absolute path.
  let folder: String
  /// The engine that the snapshot names.
  let engine: String
  /// The truth manifest that the writer sealed into the snapshot.
  let truth: TruthManifest
  /// What the restore found to differ from the manifest's streams.
  let streamDifferences: [String]
  /// How many streams became files.
  let files: UInt64
  /// The name of the first of them.
  let firstFile: [UInt8]?

  /// Whether the dump is a SQLite database as its own source made it. The engine's name alone doesn't say so: who
  /// dumps SQLite as SQL text may name the engine `sqlite`, too.
  var isSQLiteDatabase: Bool { truth.engine == "sqlite" && truth.schema != nil }

  /// Where a database file lies, or why there is none.
  enum Place {
    case found(String)
    /// The restored data has no such file.
    case absent(String)
    /// It can't be told which file is meant.
    case unclear(String)
  }

  /// The database file of this name; without a name, the only file there is.
  func database(named name: String?) -> Place {
    guard let name else {
      guard let only = firstFile, files == 1 else {
        return .unclear(files == 0 ? "no file was restored" : "\(files) files were restored: name the database")
      }
      return place(of: only)
    }
    return place(of: Array(name.utf8))
  }

  /// Walks to the file without following links: a snapshot may hold some that lead elsewhere.
  private func place(of name: [UInt8]) -> Place {
    guard StreamEntry.isSafe(name), let text = String(validating: name, as: UTF8.self) else {
      return .unclear("the file's name is no plain path")
    }
    var path = folder
    var status = stat()
    for part in text.split(separator: "/") {
      path += "/\(part)"
      guard lstat(path, &status) == 0 else { return .absent("no such file was restored") }
      guard status.st_mode & S_IFMT != S_IFLNK else {
        return .absent("a symbolic link stands in the place of the file")
      }
    }
    guard status.st_mode & S_IFMT == S_IFREG else { return .absent("what was restored there is no file") }
    return .found(path)
  }

  /// Whether a file begins as SQLite databases do.
  static func looksLikeSQLite(_ path: String) -> Bool {
    let magic = Array("SQLite format 3\0".utf8)
    guard let file = try? Descriptor.open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK) else { return false }
    var head = Buffer(capacity: magic.count)
    head.count = (try? head.withCapacity { room in try file.read(at: 0, into: room) }) ?? 0
    return head.withBytes { $0.elementsEqual(magic) }
  }
}
