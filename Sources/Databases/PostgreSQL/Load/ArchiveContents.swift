import Bytes

/// The table of contents of a schema's dump, as `pg_restore -l -v` prints it.
struct ArchiveContents {
  /// One entry.
  struct Entry {
    let number: Int
    /// As it stands there, to be named in a list.
    let line: String
    /// What follows the numbers: `TABLE public orders owner`.
    let title: String
    fileprivate(set) var needs: [Int] = []
  }

  let entries: [Entry]

  /// Reads the lines; what is no entry is passed over.
  init(_ output: [UInt8]) {
    var entries: [Entry] = []
    for line in output.split(separator: UInt8(ascii: "\n")) {
      let text = String(decoding: line, as: UTF8.self)
      if text.hasPrefix(";\tdepends on:") {
        guard !entries.isEmpty else { continue }
        entries[entries.count - 1].needs = text.split(separator: " ").compactMap { Int($0) }
        continue
      }
      guard !text.hasPrefix(";") else { continue }
      // Number; oid of the catalogue, oid of the object, title.
      let parts = text.split(separator: " ", maxSplits: 3, omittingEmptySubsequences: false)
      guard parts.count == 4, parts[0].hasSuffix(";"), let number = Int(parts[0].dropLast()) else { continue }
      entries.append(Entry(number: number, line: text, title: String(parts[3])))
    }
    self.entries = entries
  }

  /// The entries about the database itself: its settings, rights and comment.
  var ofDatabase: [Entry] {
    entries.filter { entry in
      ["DATABASE PROPERTIES ", "ACL - DATABASE ", "COMMENT - DATABASE ", "SECURITY LABEL - DATABASE "]
        .contains { entry.title.hasPrefix($0) }
    }
  }

  /// The entry of a table.
  func table(_ name: QualifiedName) -> Entry? {
    let words = "\(String(decoding: name.schema, as: UTF8.self)) \(String(decoding: name.name, as: UTF8.self)) "
    return entries.first { $0.title.hasPrefix("TABLE \(words)") }
  }

  /// What belongs to tables and comes after their data: indexes, constraints, triggers, but no foreign keys.
  ///
  /// - Parameter tables: their entries' numbers
  func belonging(to tables: Set<Int>) -> [Entry] {
    let kinds = [
      "INDEX ", "CONSTRAINT ", "INDEX ATTACH ", "TRIGGER ", "RULE ", "POLICY ", "ROW SECURITY ", "STATISTICS ",
      "COMMENT ", "TABLE ATTACH ",
    ]
    var known = tables
    var found: [Entry] = []
    for entry in entries
    where kinds.contains(where: { entry.title.hasPrefix($0) }) && entry.needs.contains(where: known.contains) {
      // A comment on an index follows the index.
      if entry.title.hasPrefix("INDEX ") || entry.title.hasPrefix("CONSTRAINT ") { known.insert(entry.number) }
      found.append(entry)
    }
    return found
  }

  /// The foreign keys of a table, in words of their entries.
  func foreignKeys(of table: QualifiedName, _ number: Int) -> [Entry] {
    let words = "\(String(decoding: table.schema, as: UTF8.self)) \(String(decoding: table.name, as: UTF8.self)) "
    return entries.filter { $0.title.hasPrefix("FK CONSTRAINT \(words)") && $0.needs.contains(number) }
  }
}
