import Pipeline

/// How thorough a check is to be.
package struct CheckRequest: Sendable {
  /// Read every pack whole instead of trusting what the listing and the index say of it.
  package var readData: Bool
  /// How many threads read packs.
  package var workers: Int

  /// - Parameters:
  ///   - readData: read every pack whole
  ///   - workers: threads that read packs; all usable cores unless told otherwise
  package init(readData: Bool, workers: Int = UsableCores.count()) {
    self.readData = readData
    self.workers = max(1, workers)
  }
}

/// How far a check has come; said often, from any thread.
package struct CheckProgress: Sendable, Equatable {
  /// What a check does, in this order; packs and snapshots once for each writer.
  package enum Step: String, Sendable, CaseIterable {
    /// Listing the store and opening small objects; counts objects.
    case objects
    /// Reading packs; counts bytes.
    case packs
    /// Walking what each snapshot needs; counts snapshots.
    case snapshots
  }

  package let step: Step
  package let done: UInt64
  /// What there is to do in this step.
  package let total: UInt64

  package init(step: Step, done: UInt64, total: UInt64) {
    self.step = step
    self.done = done
    self.total = total
  }
}
