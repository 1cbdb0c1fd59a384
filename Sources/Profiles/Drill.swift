package import Bytes

/// The file that describes a rehearsed recovery: what is restored, where to, and what must be true of it.
package struct Drill: Sendable {
  /// The drill's name.
  package var name: String
  /// The component that is recovered.
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
  /// Which snapshot is taken.
  package var selection: Selection
  /// Where it is restored to.
  package var target: DrillTarget
  /// What must be true of the restored data.
  package var checks: [Check]
  /// The query that tells when the newest row of the data was committed, for the RPO; nil counts from the dump's start.
  package var newestRow: NewestRow?
  /// What happens to the recovery; nil for a calm drill.
  package var scenario: Scenario?
  /// How often the drill is to be run; it goes into the ledger with every record.
  package var schedule: Schedule?
  /// What the recovery must reach.
  package var objectives: Objectives
  /// Who is told of the outcome: what the profile says under `notify`.
  package var notify: [Notification] = []
  /// The file it was read from.
  package var file: String
  /// The effective values with their origins.
  package var description: ProfileDescription

  /// Reads a drill, and the profile it names, whose component, repository, keys, passphrase and objectives count where
  /// the drill has none of its own. What the profile says of the store and of copies belongs to its repository: it
  /// counts for a drill that names no other.
  ///
  /// - Parameters:
  ///   - path: the file; relative paths in it start in its folder
  ///   - environment: looks variables up for `${NAME}`
  /// - Throws: `usage` if a file can't be read; `profileInvalid` with every problem, one a line, as
  ///   `file:line:column: key: what`
  package static func load(
    _ path: String, environment: @escaping (String) -> String? = systemEnvironment
  ) throws(Failure) -> Drill {
    let context = FileContext(file: path, environment: environment)
    return try DrillReader(context: context).read(YAMLFile.read(path, context.problems))
  }

  /// Reads a drill that lies in memory, as if it were the file `file`. Throws like `load`.
  package static func parse(
    _ bytes: [UInt8], file: String, environment: @escaping (String) -> String? = systemEnvironment
  ) throws(Failure) -> Drill {
    let context = FileContext(file: file, environment: environment)
    return try DrillReader(context: context).read(YAMLFile.parse(bytes, context.problems))
  }
}
