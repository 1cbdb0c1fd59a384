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

  init(_ section: Section) {
    before = section.field("before", "programs before the dump; one that fails stops the run").map(Hook.list) ?? []
    after = section.field("after", "programs after a complete snapshot").map(Hook.list) ?? []
    failed = section.field("failed", "programs after a run without a complete snapshot").map(Hook.list) ?? []
    finally = section.field("finally", "programs at the end of every run").map(Hook.list) ?? []
    section.end()
  }
}

/// Whom to tell of what: a program that is run.
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
    /// A drill or a real recovery that proved a snapshot.
    case proven
    /// One that did not.
    case unproven
  }

  /// Each at most once, in the order of the profile.
  package var on: [Event]
  /// The program that tells.
  package var hook: Hook

  package init(on: [Event], hook: Hook) {
    self.on = on
    self.hook = hook
  }

  /// Reads the `notify` of a profile.
  static func read(_ field: Field) -> [Notification] {
    guard let items = field.items("a list of {on: […], run: …}") else { return [] }
    return items.compactMap { item in
      guard let section = item.section("{on: […], run: …}") else { return nil }
      let words = Event.allCases.map(\.rawValue).joined(separator: ", ")
      let on = section.required("on", "a list of \(words)").flatMap { events($0) }
      let hook = Hook(section)
      section.end()
      guard let on, let hook else { return nil }
      return Notification(on: on, hook: hook)
    }
  }

  private static func events(_ field: Field) -> [Event]? {
    let events = field.choices(Event.allCases.map { ($0.rawValue, $0) })
    if let events, Set(events).count < events.count { field.problem("an event stands here twice") }
    return events
  }
}

extension Hook {
  private static let expected = "a program and its arguments, a line for /bin/sh, or a list of {run: …}"

  /// One program, or a list of groups.
  fileprivate static func list(_ field: Field) -> [Hook] {
    if field.isRecording || !field.isListOfGroups {
      if !field.isRecording, field.isGroup { return group(field).map { [$0] } ?? [] }
      let run = SourceReader.program(field, expected)
      if !field.isRecording { return run.map { [Hook(run: $0)] } ?? [] }
      _ = group(field)
    }
    return (field.items(expected) ?? []).compactMap(group)
  }

  private static func group(_ field: Field) -> Hook? {
    guard let section = field.section("{run: …}") else { return nil }
    let hook = Hook(section)
    section.end()
    return hook
  }

  /// Reads the keys `run`, `timeout` and `environment`; the group is not ended.
  fileprivate init?(_ section: Section) {
    let run = section.required("run", "a program and its arguments, or a line for /bin/sh").flatMap {
      SourceReader.program($0)
    }
    let timeout = section.field("timeout", "the longest time that it may take; 5m unless told")
    let span = timeout.map { $0.span() } ?? Hook.defaultTimeout
    let environment = section.field("environment", "variables for it").map(SourceReader.environment) ?? []
    guard let run, let span else { return nil }
    self.init(run: run, timeout: span, environment: environment)
  }
}
