/// How long a dump may take before it is given up.
package struct SourceTimes: Sendable, Equatable {
  /// How long no byte may arrive; nil waits for ever.
  package var stallTimeout: Seconds?
  /// How long the whole dump may take; nil sets no end.
  package var timeout: Seconds?

  /// The time without a byte where a profile says nothing.
  package static let defaultStallTimeout = Seconds(15 * 60)

  package init(stallTimeout: Seconds? = defaultStallTimeout, timeout: Seconds? = nil) {
    self.stallTimeout = stallTimeout
    self.timeout = timeout
  }

  /// Reads the keys `stall-timeout` and `timeout` of a source; the group is not ended.
  static func read(_ section: Section) -> SourceTimes {
    var times = SourceTimes()
    let about = "the longest time without a byte of the dump, or off"
    if let field = section.field("stall-timeout", about, assumed: defaultStallTimeout.text) {
      times.stallTimeout = field.spanOrOff()
    }
    times.timeout = section.field("timeout", "the longest time that the whole dump may take, or off")?.spanOrOff()
    return times
  }
}

extension Field {
  /// A span of time above zero.
  func span() -> Seconds? {
    value("a span of time above zero such as 90s, 15m, 24h or 7d", shown: \.text, pattern: .span) { text in
      Seconds(text).flatMap { $0.count > 0 ? $0 : nil }
    }
  }

  /// A span of time above zero, or nil for the word `off`.
  fileprivate func spanOrOff() -> Seconds? {
    if isRecording { _ = choice([("off", ())]) }
    if isWord("off") { return choice([("off", nil)]) ?? nil }
    return span()
  }
}
