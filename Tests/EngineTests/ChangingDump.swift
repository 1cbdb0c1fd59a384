import TestKit

/// A dump of rows that changes a little every day, as those of databases do: some rows change inside, some are added at
/// the end, some go.
struct ChangingDump {
  private var rows: [[UInt8]] = []
  private var random: RandomSource
  private var next = 0

  /// - Parameter rows: of 200 bytes each; half of them are noise
  init(seed: Int, rows count: Int) {
    random = RandomSource(seed: UInt64(seed))
    append(count)
  }

  var bytes: [UInt8] { Array(rows.joined()) }

  /// The next day: one row in 200 changes, one in 100 is added, one in 500 goes.
  mutating func change() {
    for _ in 0..<(rows.count / 200) {
      let row = Int(random.next() % UInt64(rows.count))
      rows[row].replaceSubrange(20..<28, with: random.bytes(8))
    }
    for _ in 0..<(rows.count / 500) { rows.remove(at: Int(random.next() % UInt64(rows.count))) }
    append(rows.count / 100)
  }

  private mutating func append(_ count: Int) {
    for _ in 0..<count {
      let id = Array("\(next)\t".utf8)
      next += 1
      rows.append(id + random.bytes(100) + [UInt8](repeating: 0x20, count: 99 - id.count) + [0x0a])
    }
  }
}
