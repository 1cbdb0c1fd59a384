/// What happens during a run, for whoever shows it: a terminal, a log, a reader of JSON lines.
package enum Event: Sendable {
  /// A step begins, such as `dump` or `commit`.
  case step(String)
  /// Something a person should know though nothing is wrong.
  case note(String)
  /// Something a person must look at; the run ends with status 1.
  case warning(String)
}

/// Gets the events of a run, from any of its threads.
package typealias EventSink = @Sendable (Event) -> Void
