/// A version of the server or of a tool.
package struct PostgreSQLVersion: Sendable, Hashable, Comparable {
  /// As `server_version_num` has it: 150020 for 15.20, 90624 for 9.6.24.
  package let number: Int

  /// The oldest server that is dumped: what the queries use exists since 12.
  package static let oldest = PostgreSQLVersion(number: 120_000)

  package init(number: Int) { self.number = number }

  /// Reads what `--version` of a tool prints: `pg_dump (PostgreSQL) 15.20 (Debian 15.20-0+deb12u1)`.
  package init?(printed text: String) {
    guard let end = text.firstRange(of: "(PostgreSQL) ")?.upperBound else { return nil }
    let numbers = text[end...].prefix { $0.isNumber || $0 == "." }.split(separator: ".").map { Int($0) }
    guard let first = numbers.first, let major = first else { return nil }
    let second = numbers.count > 1 ? numbers[1] ?? 0 : 0
    let third = numbers.count > 2 ? numbers[2] ?? 0 : 0
    number = major >= 10 ? major * 10_000 + second : major * 10_000 + second * 100 + third
  }

  /// What compatibility goes by: 15, or 906 for 9.6.
  package var major: Int { number >= 100_000 ? number / 10_000 : number / 100 }

  /// `15.20`.
  package var text: String {
    number >= 100_000
      ? "\(number / 10_000).\(number % 10_000)" : "\(number / 10_000).\(number / 100 % 100).\(number % 100)"
  }

  package static func < (left: PostgreSQLVersion, right: PostgreSQLVersion) -> Bool { left.number < right.number }
}
