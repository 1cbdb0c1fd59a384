package import Bytes
import Cryptography

/// Counts and hashes the keys of a dump of Redis as it passes: those that stay, by database, each with its type. Keys
/// that expire may be gone by the time anyone compares; values are vouched for by the checksum of the whole dump.
package final class RDBWatcher: StreamWatcher {
  private var parser = RDBParser(wantsValues: false)
  private var databases: [Int: MultisetChecksum] = [:]
  /// Keys that expire.
  package private(set) var expiring: UInt64 = 0

  package init() {}

  package func see(_ bytes: UnsafeRawBufferPointer) throws(Failure) {
    try parser.take(
      bytes,
      found: { (entry) throws(Failure) in
        guard entry.expires == nil else {
          self.expiring += 1
          return
        }
        // The key that says that a load is not settled is none of the data.
        if entry.database == 0, entry.key == Array(RedisTarget.mark.utf8) { return }
        var hash = HashStream()
        hash.update([RDBWatcher.family(entry.type)] + entry.key)
        self.databases[entry.database, default: MultisetChecksum()].add(hash.finish())
      }, library: { (_) throws(Failure) in })
  }

  /// Whether the walk came to the end.
  package var isReadable: Bool { parser.isAtEnd && !parser.isLost }

  /// The keys by database: `db0`, `db1`.
  package var truth: TruthManifest {
    TruthManifest(
      engine: "redis",
      tables: databases.map { number, checksum in
        TruthManifest.Table(name: Array("db\(number)".utf8), rows: checksum.count, checksum: checksum.value)
      })
  }

  /// What a key holds; how a server lays it out in memory depends on its settings and is no part of it.
  private static func family(_ type: UInt8) -> UInt8 {
    switch type {
    case 0: UInt8(ascii: "s")
    case 1, 10, 14, 18: UInt8(ascii: "l")
    case 2, 11, 20: UInt8(ascii: "u")
    case 3, 5, 12, 17: UInt8(ascii: "z")
    case 4, 9, 13, 16: UInt8(ascii: "h")
    case 15, 19, 21: UInt8(ascii: "x")
    default: UInt8(ascii: "m")
    }
  }
}
