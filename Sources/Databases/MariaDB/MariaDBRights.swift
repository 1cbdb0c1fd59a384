/// What a role may do, from its own `SHOW GRANTS`.
struct MariaDBRights {
  fileprivate struct Grant {
    var rights: Set<String>
    /// `*.*`, or the pattern of a database.
    var pattern: [UInt8]?
    /// Nil for all tables of the database.
    var table: [UInt8]?
  }

  private let grants: [Grant]

  /// - Parameter lines: what `SHOW GRANTS` printed, as the batch mode of the client escapes it
  init(_ lines: [String]) { grants = lines.compactMap { MariaDBRights.parse($0) } }

  /// What a dump needs of a database, each with what would be missing without it.
  static let needed = ["SELECT", "SHOW VIEW", "TRIGGER", "EVENT"]

  /// The rights among those that a dump needs that are missing for a database.
  func missing(_ needed: [String] = MariaDBRights.needed, for database: [UInt8]) -> [String] {
    needed.filter { right in !grants.contains { $0.table == nil && $0.allows(right, database) } }
  }

  /// Whether a right holds everywhere.
  func hasEverywhere(_ rights: String...) -> Bool {
    grants.contains { grant in grant.pattern == nil && rights.contains { grant.rights.contains($0) || grant.isAll } }
  }

  /// Whether the bodies of routines that belong to others can be read.
  var seesRoutines: Bool {
    hasEverywhere("SELECT", "SHOW CREATE ROUTINE", "SHOW_ROUTINE")
      || grants.contains { grant in
        grant.allows("SELECT", Array("mysql".utf8)) && (grant.table == nil || grant.table == Array("proc".utf8))
      }
  }

  /// Whether every database of the server is visible.
  var seesEveryDatabase: Bool {
    grants.contains { $0.pattern == nil && ($0.isAll || !$0.rights.subtracting(["USAGE", "GRANT OPTION"]).isEmpty) }
  }

  /// `GRANT SELECT, SHOW VIEW ON `shop`.* TO …`; nil for anything else, such as a granted role.
  private static func parse(_ line: String) -> Grant? {
    let bytes = Array(line.utf8)
    guard line.hasPrefix("GRANT "), let on = find(Array(" ON ".utf8), in: bytes) else { return nil }
    let list = String(decoding: bytes[6..<on], as: UTF8.self)
    // Rights on single columns do not make a table readable.
    let rights =
      list.contains("(")
      ? [] : list.split(separator: ",").map { $0.drop { $0 == " " }.uppercased() }
    var index = on + 4
    guard let database = name(bytes, &index), index < bytes.count, bytes[index] == UInt8(ascii: ".") else { return nil }
    index += 1
    guard let table = name(bytes, &index) else { return nil }
    let star = [UInt8(ascii: "*")]
    return Grant(
      rights: Set(rights), pattern: database == star ? nil : database, table: table == star ? nil : table)
  }

  private static func find(_ wanted: [UInt8], in bytes: [UInt8]) -> Int? {
    guard bytes.count >= wanted.count else { return nil }
    return (0...(bytes.count - wanted.count)).first { bytes[$0..<($0 + wanted.count)].elementsEqual(wanted) }
  }

  /// A name in back quotes, or a star.
  private static func name(_ bytes: [UInt8], _ index: inout Int) -> [UInt8]? {
    guard index < bytes.count else { return nil }
    if bytes[index] == UInt8(ascii: "*") {
      index += 1
      return [UInt8(ascii: "*")]
    }
    guard bytes[index] == UInt8(ascii: "`") else { return nil }
    let start = index + 1
    guard let (name, end) = bytes.withUnsafeBytes({ StatementLine.name($0, start) }) else { return nil }
    index = end
    return name
  }
}

extension MariaDBRights.Grant {
  fileprivate var isAll: Bool { rights.contains("ALL PRIVILEGES") || rights.contains("ALL") }

  fileprivate func allows(_ right: String, _ database: [UInt8]) -> Bool {
    guard isAll || rights.contains(right) else { return false }
    guard let pattern else { return true }
    return MariaDBRights.matches(pattern[...], database[...])
  }
}

extension MariaDBRights {
  /// Whether a pattern of a grant (`%`, `_`, backslash before either) stands for a database.
  static func matches(_ pattern: ArraySlice<UInt8>, _ name: ArraySlice<UInt8>) -> Bool {
    guard let first = pattern.first else { return name.isEmpty }
    let rest = pattern.dropFirst()
    switch first {
    case UInt8(ascii: "%"):
      return matches(rest, name) || (!name.isEmpty && matches(pattern, name.dropFirst()))
    case UInt8(ascii: "_"): return !name.isEmpty && matches(rest, name.dropFirst())
    case UInt8(ascii: "\\") where !rest.isEmpty:
      return name.first == rest.first && matches(rest.dropFirst(), name.dropFirst())
    default: return name.first == first && matches(rest, name.dropFirst())
    }
  }
}
