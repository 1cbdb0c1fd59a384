package import Bytes
package import Pipeline
import Synchronization

/// What a drill asks of a server that it has loaded. A server is loaded only where it is empty, so what is there after
/// a drill is the drill's, unless somebody has written to it since.
extension RedisTarget {
  package func greet(_ plan: LoadPlan, stop: StopSignal) throws(Failure) {
    let connection = try RedisConnection(settings, failing: .targetRefused, stop: stop)
    for (name, _) in plan.databases {
      _ = try connection.ask(["-n", String(name.dropFirst(2)), "DBSIZE"], stop: stop)
    }
  }

  /// Empties the databases that were loaded. Where there are more keys than the dump has, or keys in other databases,
  /// others have written: then nothing is removed.
  package func discard(_ plan: LoadPlan, stop: StopSignal) throws(Failure) -> [String] {
    guard plan.request.isDrill else { return [] }
    let connection = try RedisConnection(settings, failing: .targetRefused, stop: stop)
    let isMarked = try connection.ask(["EXISTS", RedisTarget.mark], stop: stop) == "1"
    let there = try RedisServer.keyspace(connection, stop)
    for (number, found) in there.sorted(by: { $0.key < $1.key }) where found.keys > 0 {
      let marks: UInt64 = number == 0 && isMarked ? 1 : 0
      let own = (loaded.keys(of: number) ?? plan.keys["db\(number)", default: 0]) + marks
      guard found.keys <= own else {
        throw Failure(
          .targetRefused, "db\(number) has \(found.keys) keys, and the drill loaded \(own): others write to the server",
          at: connection.place, next: "Remove the drill's keys by hand.")
      }
    }
    for number in there.keys.sorted() {
      _ = try connection.ask(["-n", "\(number)", "FLUSHDB"], stop: stop)
    }
    let left = try RedisServer.keyspace(connection, stop).values.reduce(0) { $0 + $1.keys }
    guard left == 0 else {
      throw Failure(.targetRefused, "\(left) keys are still there", at: connection.place, next: "Remove them by hand.")
    }
    return plan.databases.map(\.target).sorted()
  }

  /// Nothing tells the keys of a killed drill from others: a load that was not finished is gone on with.
  package func sweep(stop: StopSignal) throws(Failure) -> [String] { [] }
}

/// How many keys a load left in each database: keys that were written while the source was dumped make the numbers
/// that stand in the snapshot too small.
final class LoadedKeys: Sendable {
  private let counts = Mutex<[Int: UInt64]?>(nil)

  /// - Parameter found: right after the load, with our key
  func keep(_ found: [Int: (keys: UInt64, expires: UInt64)]) {
    var found = found.mapValues(\.keys)
    if let marked = found[0] { found[0] = max(1, marked) - 1 }
    counts.withLock { $0 = found }
  }

  /// Nil where no load came to its end.
  func keys(of database: Int) -> UInt64? { counts.withLock { $0.map { $0[database, default: 0] } } }
}
