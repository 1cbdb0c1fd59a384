/// What a recovery must reach.
package struct Objectives: Sendable, Equatable {
  /// The longest time from the declaration to the first good query.
  package var recoveryTime: Seconds?
  /// The greatest age that the recovered data may have.
  package var recoveryPoint: Seconds?

  package init(recoveryTime: Seconds? = nil, recoveryPoint: Seconds? = nil) {
    self.recoveryTime = recoveryTime
    self.recoveryPoint = recoveryPoint
  }

  init(_ section: Section) {
    recoveryTime = section.field("rto", "the longest time from the declaration to the first good query")?.seconds()
    recoveryPoint = section.field("rpo", "the greatest age of recovered data")?.seconds()
    section.end()
  }
}
