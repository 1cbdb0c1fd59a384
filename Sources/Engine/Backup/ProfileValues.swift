package import Profiles

/// What a dump is compared with before it counts as complete: the component's own history.
package struct GateSettings: Sendable, Equatable {
  /// How far a number may lie from the last complete snapshot's.
  package struct Band: Sendable, Equatable {
    /// By which share it may be smaller: 0.5 lets it fall to a half. Nil sets no limit.
    package var shrink: Double?
    /// By which share it may be larger: 3 lets it grow to four times. Nil sets no limit.
    package var grow: Double?

    package init(shrink: Double? = nil, grow: Double? = nil) {
      self.shrink = shrink
      self.grow = grow
    }
  }

  /// What a table means that was there last time and is missing now.
  package enum Vanishing: String, Sendable {
    /// The dump is quarantined.
    case refuse
    /// Nothing.
    case allow
  }

  /// Bytes of the whole dump.
  package var size: Band
  /// Rows of each table.
  package var rows: Band
  /// Tables that are gone.
  package var vanish: Vanishing
  /// Globs of tables, `db.schema.table`, whose rows and absence mean nothing.
  package var ignore: [String]

  /// The bands where a profile says nothing.
  package static let defaultSize = Band(shrink: 0.5, grow: 3)
  package static let defaultRows = Band(shrink: 0.2)

  /// Lets everything pass.
  package static let open = GateSettings(size: Band(), rows: Band(), vanish: .allow)

  package init(
    size: Band = defaultSize, rows: Band = defaultRows, vanish: Vanishing = .refuse, ignore: [String] = []
  ) {
    self.size = size
    self.rows = rows
    self.vanish = vanish
    self.ignore = ignore
  }
}

/// A program that a run starts at one of its turns.
package struct Hook: Sendable, Equatable {
  /// Program and arguments; a text in the profile has become `/bin/sh -c text`.
  package var run: [String]
  /// How long it may take.
  package var timeout: Seconds
  /// What it finds in its environment beside what lifeboat itself has.
  package var environment: [EnvironmentSetting]

  /// The time for a program where a profile says nothing.
  package static let defaultTimeout = Seconds(5 * 60)

  package init(run: [String], timeout: Seconds = defaultTimeout, environment: [EnvironmentSetting] = []) {
    self.run = run
    self.timeout = timeout
    self.environment = environment
  }
}

/// The programs around a backup, in their order.
package struct Hooks: Sendable, Equatable {
  /// Before the dump; one that fails stops the run.
  package var before: [Hook]
  /// After a complete snapshot.
  package var after: [Hook]
  /// After a run that left no complete snapshot.
  package var failed: [Hook]
  /// At the end of every run, whatever came before.
  package var finally: [Hook]

  /// Whether there is none.
  package var isEmpty: Bool { before.isEmpty && after.isEmpty && failed.isEmpty && finally.isEmpty }

  package init(before: [Hook] = [], after: [Hook] = [], failed: [Hook] = [], finally: [Hook] = []) {
    self.before = before
    self.after = after
    self.failed = failed
    self.finally = finally
  }
}

/// Whom to tell of what. A profile carries it; no part of the product sends anything yet.
package struct Notification: Sendable, Equatable {
  /// What happened to a component.
  package enum Event: String, Sendable, CaseIterable {
    /// A run left no snapshot.
    case failed
    /// A run left a quarantined snapshot.
    case quarantined
    /// The first complete snapshot after one of the two above.
    case recovered
    /// Every complete snapshot.
    case complete
  }

  /// Each at most once, in the order of the profile.
  package var on: [Event]
  /// The program that tells.
  package var hook: Hook

  package init(on: [Event], hook: Hook) {
    self.on = on
    self.hook = hook
  }
}

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
}
