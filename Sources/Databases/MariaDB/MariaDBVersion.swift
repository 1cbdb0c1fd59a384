/// The version of a server or a tool.
struct MariaDBVersion: Equatable {
  /// Whose it is.
  enum Family: String { case mariadb = "MariaDB", mysql = "MySQL" }

  let family: Family
  /// Major, minor and patch.
  let numbers: [Int]
  /// As it was printed.
  let text: String

  /// What `SELECT VERSION()` answers: `10.11.6-MariaDB-0+deb12u1-log`, `8.0.36`; behind some proxies `5.5.5-` comes first.
  init?(server text: String) {
    let family: Family = text.contains("MariaDB") ? .mariadb : .mysql
    let plain = family == .mariadb && text.hasPrefix("5.5.5-") ? String(text.dropFirst(6)) : text
    self.init(family, plain, text)
  }

  /// What a tool says of itself: `mariadb-dump  Ver 10.19 Distrib 10.11.6-MariaDB, for …`, `mariadb-dump from
  /// 11.4.2-MariaDB, client 10.19 for …`, `mysqldump  Ver 8.0.36 for …`.
  init?(tool text: String) {
    let words = text.split { $0 == " " || $0 == "," || $0 == "\n" }.map(String.init)
    for lead in ["Distrib", "from", "Ver"] {
      if let index = words.firstIndex(of: lead), index + 1 < words.count {
        let family: Family = text.contains("MariaDB") || words[0].contains("mariadb") ? .mariadb : .mysql
        self.init(family, words[index + 1], words[index + 1])
        return
      }
    }
    return nil
  }

  private init?(_ family: Family, _ plain: String, _ text: String) {
    let numbers = plain.prefix { $0.isNumber || $0 == "." }.split(separator: ".").compactMap { Int($0) }
    guard numbers.count >= 2 else { return nil }
    self.family = family
    self.numbers = Array(numbers.prefix(3))
    self.text = text
  }

  /// Whether the series (major and minor number) is older.
  func isSeriesOlder(than other: MariaDBVersion) -> Bool {
    numbers.prefix(2).lexicographicallyPrecedes(other.numbers.prefix(2))
  }

  /// Whether it is at least this.
  func isAtLeast(_ major: Int, _ minor: Int) -> Bool { !numbers.prefix(2).lexicographicallyPrecedes([major, minor]) }
}
