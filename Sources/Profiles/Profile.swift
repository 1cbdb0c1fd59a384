package import Bytes

/// The file that describes a component: what it is dumped from, into which repository, and what a recovery must reach.
package struct Profile: Sendable {
  /// The component's name.
  package var component: String
  /// Where the repository lies: a folder, or `s3://bucket/prefix`.
  package var repository: String
  /// How its store is reached and used.
  package var store: StoreSettings
  /// Where else its objects are.
  package var copies: [CopySettings]
  /// Where the key files lie.
  package var keys: KeyFiles
  /// How to get the passphrase of protected key files; nil asks the terminal.
  package var passphrase: SecretReference?
  /// What the component is dumped from.
  package var source: SourceSettings
  /// How long the dump may take.
  package var times: SourceTimes
  /// The servers that snapshots are loaded into, by their names.
  package var targets: [String: TargetSettings]
  /// What a dump is compared with before it is complete.
  package var gate: GateSettings
  /// The programs around a backup.
  package var hooks: Hooks
  /// Whom to tell of what.
  package var notify: [Notification]
  /// Which snapshots are kept; nil keeps all.
  package var retention: Retention?
  /// When the component is backed up; nil for whenever a person says so.
  package var schedule: Schedule?
  /// What a recovery must reach.
  package var objectives: Objectives
  /// Choices between time and space.
  package var tuning: Tuning
  /// The file it was read from; empty for a profile that was made from a command line.
  package var file: String
  /// The effective values with their origins.
  package var description: ProfileDescription

  /// A profile without a file, for runs that are described on the command line.
  package init(
    component: String, repository: String, store: StoreSettings = StoreSettings(), copies: [CopySettings] = [],
    keys: KeyFiles = KeyFiles(), passphrase: SecretReference? = nil, source: SourceSettings,
    times: SourceTimes = SourceTimes(), targets: [String: TargetSettings] = [:], gate: GateSettings = GateSettings(),
    hooks: Hooks = Hooks(), notify: [Notification] = [], retention: Retention? = nil, schedule: Schedule? = nil,
    objectives: Objectives = Objectives(), tuning: Tuning = Tuning(), file: String = "",
    description: ProfileDescription = ProfileDescription()
  ) {
    self.component = component
    self.repository = repository
    self.store = store
    self.copies = copies
    self.keys = keys
    self.passphrase = passphrase
    self.source = source
    self.times = times
    self.targets = targets
    self.gate = gate
    self.hooks = hooks
    self.notify = notify
    self.retention = retention
    self.schedule = schedule
    self.objectives = objectives
    self.tuning = tuning
    self.file = file
    self.description = description
  }

  /// Reads a profile, and those that it extends.
  ///
  /// - Parameters:
  ///   - path: the file; relative paths in it start in its folder
  ///   - folders: where profiles that it extends are looked up, after its own folder
  ///   - environment: looks variables up for `${NAME}`
  /// - Throws: `usage` if the file can't be read; `profileInvalid` with every problem, one a line, as
  ///   `file:line:column: key: what`
  package static func load(
    _ path: String, folders: [String] = Lookup.profileFolders,
    environment: @escaping (String) -> String? = systemEnvironment
  ) throws(Failure) -> Profile {
    let context = FileContext(file: path, environment: environment, folders: folders)
    return try ProfileReader(context: context).read(YAMLFile.read(path, context.problems))
  }

  /// Reads a profile that lies in memory, as if it were the file `file`. Throws like `load`.
  package static func parse(
    _ bytes: [UInt8], file: String, folders: [String] = Lookup.profileFolders,
    environment: @escaping (String) -> String? = systemEnvironment
  ) throws(Failure) -> Profile {
    let context = FileContext(file: file, environment: environment, folders: folders)
    return try ProfileReader(context: context).read(YAMLFile.parse(bytes, context.problems))
  }

  /// Reads a file that is a profile, or a base that others extend: one without a `component`, in which keys that a
  /// profile must have may be missing.
  ///
  /// - Returns: nil for a base without a mistake
  /// - Throws: like `load`
  package static func check(
    _ path: String, folders: [String] = Lookup.profileFolders,
    environment: @escaping (String) -> String? = systemEnvironment
  ) throws(Failure) -> Profile? {
    let context = FileContext(file: path, environment: environment, folders: folders)
    let node = try YAMLFile.read(path, context.problems)
    if ProfileReader(context: context).names(node).contains("component") {
      return try load(path, folders: folders, environment: environment)
    }
    let base = FileContext(file: path, environment: environment, folders: folders, isBase: true)
    try ProfileReader(context: base).check(YAMLFile.read(path, base.problems))
    return nil
  }
}
