import Bytes
import Pipeline
import Profiles

/// The reasons of a source that was ended because it took too long: what it gave until then is stored, quarantined.
enum SourceLateness {
  /// Nothing came for so long.
  static func stall(_ limit: Seconds) -> Failure {
    Failure(
      .sourceIncomplete, "no bytes came for \(limit): the dump was ended",
      next: "Find out what held it up, such as a lock, or raise source.stall-timeout in the profile.")
  }

  /// The dump as a whole took longer than it may.
  static func total(_ limit: Seconds) -> Failure {
    Failure(
      .sourceIncomplete, "the dump took longer than \(limit) and was ended",
      next: "Find out what held it up, or raise source.timeout in the profile.")
  }

  /// Does a part of the source's work, which ends with `total` once it takes longer than it may.
  static func limit<Result>(
    _ limit: Seconds?, within stop: StopSignal, _ body: (StopSignal) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    let nanoseconds = limit.map { UInt64($0.count) * 1_000_000_000 }
    return try InnerStop.run(within: stop, for: nanoseconds, late: total(limit ?? Seconds(0)), body)
  }
}
