package import Store

/// What happens during a run, for whoever shows it: a terminal, a log, a reader of JSON lines.
package enum Event: Sendable {
  /// A step begins, such as `dump` or `commit`.
  case step(String)
  /// Something a person should know though nothing is wrong.
  case note(String)
  /// Something a person must look at; the run ends with status 1.
  case warning(String)
  /// How far the run is; said again and again.
  case progress(ProgressReading)
  /// A store has something to say: that it waits, that it goes on, where it took an object from.
  case store(StoreNotice)

  /// What a store says, as an event. What it lacks is a warning like any other.
  package init(_ notice: StoreNotice) {
    self = if case .degraded(let what) = notice { .warning(what) } else { .store(notice) }
  }
}

/// Gets the events of a run, from any of its threads.
package typealias EventSink = @Sendable (Event) -> Void

/// How far a run was at one moment.
package struct ProgressReading: Sendable, Equatable {
  /// What `done` and `total` count.
  package enum Unit: String, Sendable {
    case bytes
    case objects
    case snapshots
  }

  package var unit: Unit
  /// What is behind.
  package var done: UInt64
  /// What there will be in all; nil where nobody knows.
  package var total: UInt64?
  /// Bytes among them that the repository did not have; nil where nothing is stored.
  package var newBytes: UInt64?
  /// Nanoseconds for which a state of the source's server has been held open; nil where none is.
  package var snapshotAge: UInt64?
  /// Nanoseconds since the run began.
  package var elapsed: UInt64
  /// Of the unit a second, over the last moments; nil before anything can be said.
  package var rate: Double?

  package init(
    unit: Unit = .bytes, done: UInt64, total: UInt64? = nil, newBytes: UInt64? = nil, snapshotAge: UInt64? = nil,
    elapsed: UInt64 = 0, rate: Double? = nil
  ) {
    self.unit = unit
    self.done = done
    self.total = total
    self.newBytes = newBytes
    self.snapshotAge = snapshotAge
    self.elapsed = elapsed
    self.rate = rate
  }

  /// Seconds until the end at the rate so far; nil where the total or the rate is unknown, or all is done.
  package var secondsLeft: Double? {
    guard let total, let rate, rate > 0, total > done else { return nil }
    return Double(total - done) / rate
  }
}
