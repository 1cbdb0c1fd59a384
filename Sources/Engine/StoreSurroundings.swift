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

  package init(
    environment: [String: String] = [:], stop: StopSignal = StopSignal(), notices: @escaping NoticeSink = { _ in }
  ) {
    self.environment = environment
    self.stop = stop
    self.notices = notices
  }
}
