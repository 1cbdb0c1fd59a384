package import Pipeline
package import Store

/// What a store needs from the run that opens it.
package struct StoreSurroundings: Sendable {
  /// The variables of the process: where the AWS tools, and so we, find credentials and endpoints.
  package var environment: [String: String]
  /// Ends every wait and every transfer.
  package var stop: StopSignal
  /// Hears what stores have to say.
  package var notices: NoticeSink
  /// Faults that a rehearsal puts below the retries; nil outside of one.
  package var injection: StoreInjection?
  /// Which store this is, for the faults.
  package var part = StoreInjection.Part.primary
  /// Wraps every store, the copies too, once all else is around it: for counting.
  package var counting: (@Sendable (any Store) -> any Store)?

  package init(
    environment: [String: String] = [:], stop: StopSignal = StopSignal(), notices: @escaping NoticeSink = { _ in }
  ) {
    self.environment = environment
    self.stop = stop
    self.notices = notices
  }

  /// The same for another store of the repository.
  func of(_ part: StoreInjection.Part) -> StoreSurroundings {
    var other = self
    other.part = part
    return other
  }
}
