package import Bytes
package import Databases
package import Format
package import Profiles

/// What to back up and how.
package struct BackupRequest: Sendable {
  package var component: String
  package var source: any DumpSource
  /// The effective profile as JSON text; travels inside the snapshot.
  package var profile: String
  package var tuning: Tuning
  /// How long the source may take.
  package var times = SourceTimes(stallTimeout: nil)
  /// What the dump is compared with.
  package var gate = GateSettings.open
  /// Lets a dump pass that the gate's bands object to; it begins a new history of figures.
  package var acceptsObjections = false
  /// The programs around the run.
  package var hooks = Hooks()
  /// Who is told of its end.
  package var notifications: [Notification] = []
  /// Wait for another run of the component on this host instead of failing.
  package var waits: Bool
  /// True if the source can be read a second time; standard input can't.
  package var isRepeatable: Bool

  package init(
    component: String, source: any DumpSource, profile: String, tuning: Tuning = Tuning(), waits: Bool = false,
    isRepeatable: Bool = true
  ) {
    self.component = component
    self.source = source
    self.profile = profile
    self.tuning = tuning
    self.waits = waits
    self.isRepeatable = isRepeatable
  }
}

/// What a backup run left behind.
package struct BackupReport: Sendable {
  package let name: Name
  package let snapshot: Snapshot
  /// What a person must look at.
  package let warnings: [String]
  /// The end of what the dump tool printed as errors.
  package let errorText: String
  /// How many chunks were stored as differences from older ones.
  package let deltas: UInt64
  /// Bytes that the run wrote to the reference cache, and bytes that this comes to now; nil without one.
  package let cache: (written: UInt64, size: UInt64)?
  /// Nanoseconds the run took, without the hooks after it.
  package let nanoseconds: UInt64
  /// What a hook after the complete snapshot failed with.
  package internal(set) var hookFailure: Failure?

  /// What makes the run end as failed though a snapshot was stored: the gate did not let the dump pass, or a hook
  /// after it failed.
  package var failure: Failure? {
    guard snapshot.verdict == .quarantined else { return hookFailure }
    return Failure(
      .sourceIncomplete, snapshot.reasons.joined(separator: "; "), at: "component \(snapshot.component)",
      next:
        "The snapshot \(name.hex.prefix(12)) is quarantined: latest never takes it. Mend the dump and run again, or "
        + "have a keeper accept it with lifeboat accept.")
  }
}
