package import Bytes
import Format
import Glibc
import Store

/// The folder of this host's tables of one writer: files named by the writer and a random number.
package struct IndexFolder: Sendable {
  let path: String
  private let repository: Identifier
  private let writer: Identifier

  /// - Throws: `stateFailed` if the folder cannot be made.
  package init(_ path: String, repository: Identifier, writer: Identifier) throws(Failure) {
    self.path = path
    self.repository = repository
    self.writer = writer
    do throws(SystemError) {
      try DurableFile.createFolder(path)
    } catch {
      throw IndexFolder.failure(error)
    }
  }

  /// Opens all tables; those that are not whole are removed.
  ///
  /// - Returns: the tables, and whether any was lost
  func open() throws(Failure) -> (parts: [IndexPart], isLost: Bool) {
    var parts: [IndexPart] = []
    var isLost = false
    for name in try names() where name.hasPrefix("\(writer.hex)-") {
      guard name.hasSuffix(IndexFolder.suffix) else {
        removeLeftover(name)
        continue
      }
      // A file that is gone was taken into another by a run at the same time.
      guard let part = try open(name) else {
        isLost = true
        continue
      }
      parts.append(part)
    }
    return (parts, isLost)
  }

  /// Writes a table under another name and gives it its own once it is whole.
  func write(_ catalogue: PackCatalogue, most: Int, _ rows: inout RowMerge) throws(Failure) -> IndexPart {
    let target = "\(path)/\(writer.hex)-\(Identifier.random().hex)\(IndexFolder.suffix)"
    let temporary = "\(target).part"
    do throws(Failure) {
      let file = try TableFile.create(temporary)
      var output = TableWriter(file, repository: repository, writer: writer, most: most)
      while let row = try rows.next() { try output.append(row) }
      let table = try output.finish(catalogue: catalogue.bytes)
      try rename(temporary, target)
      // Looked at under its new name, where damage removes it.
      let named = try open(target.split(separator: "/").last.map(String.init) ?? "")
      return named
        ?? IndexPart(
          table: table, catalogue: catalogue, counts: Array(repeating: true, count: catalogue.packs.count))
    } catch {
      unlink(temporary)
      throw error
    }
  }

  func remove(_ part: IndexPart) { unlink(part.table.file.path) }

  private static let suffix = ".blobs"

  private func open(_ name: String) throws(Failure) -> IndexPart? {
    let file: TableFile?
    do throws(SystemError) {
      file = try TableFile.open("\(path)/\(name)")
    } catch {
      throw IndexFolder.failure(error)
    }
    guard let file, let (table, bytes) = BlobTable.open(file, repository: repository, writer: writer) else {
      return nil
    }
    guard let catalogue = try? PackCatalogue(bytes) else {
      file.condemn("its catalogue")
      return nil
    }
    return IndexPart(table: table, catalogue: catalogue, counts: Array(repeating: true, count: catalogue.packs.count))
  }

  private func names() throws(Failure) -> [String] {
    do throws(SystemError) {
      return try LocalFolder.names(of: path)
    } catch {
      throw IndexFolder.failure(error)
    }
  }

  /// What a run that was killed left half written; one that goes on writes all the time.
  private func removeLeftover(_ name: String) {
    var status = stat()
    guard name.hasSuffix(".part"), lstat("\(path)/\(name)", &status) == 0 else { return }
    if status.st_mtim.tv_sec < time(nil) - 3600 { unlink("\(path)/\(name)") }
  }

  private func rename(_ from: String, _ to: String) throws(Failure) {
    do throws(SystemError) {
      _ = try retrying("rename", to) { Glibc.rename(from, to) }
    } catch {
      throw IndexFolder.failure(error)
    }
  }

  private static func failure(_ error: SystemError) -> Failure {
    error.failure(
      .stateFailed, "local state cannot be kept",
      next: "Free space there, or name another folder with LIFEBOAT_STATE.")
  }
}
