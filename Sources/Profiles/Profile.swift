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
    self.objectives = objectives
    self.tuning = tuning
    self.file = file
    self.description = description
  }

  /// Reads a profile.
  ///
  /// - Parameters:
  ///   - path: the file; relative paths in it start in its folder
  ///   - environment: looks variables up for `${NAME}`
  /// - Throws: `usage` if the file can't be read; `profileInvalid` with every problem, one a line, as
  ///   `file:line:column: key: what`
  package static func load(
    _ path: String, environment: @escaping (String) -> String? = systemEnvironment
  ) throws(Failure) -> Profile {
    let context = FileContext(file: path, environment: environment)
    return try read(YAMLFile.read(path, context.problems), context)
  }

  /// Reads a profile that lies in memory, as if it were the file `file`. Throws like `load`.
  package static func parse(
    _ bytes: [UInt8], file: String, environment: @escaping (String) -> String? = systemEnvironment
  ) throws(Failure) -> Profile {
    let context = FileContext(file: file, environment: environment)
    return try read(YAMLFile.parse(bytes, context.problems), context)
  }

  private static func read(_ node: YAMLNode, _ context: FileContext) throws(Failure) -> Profile {
    guard let root = Field(node: node, key: "", context: context).section("a profile") else {
      try context.problems.settle()
      throw Failure(.defect, "a profile without a problem", at: context.file)
    }
    let component = root.required("component", "the component's name")?.identifier()
    let repository = root.required("repository", Words.repository)?.repository()
    let store = root.field("store")?.section().map { StoreSettingsReader(section: $0, location: repository).read() }
    let copies = root.field("copies").map { CopiesReader.read($0, of: repository) }
    let keys = root.field("keys")?.section().map { KeyFiles($0) }
    let passphrase = root.field("passphrase")?.section("{file: …} or {command: […]}")?.secretReference()
    let source = root.required("source", "a group with its kind")?.section().flatMap {
      SourceReader(section: $0).read()
    }
    let objectives = root.field("objectives")?.section().map { Objectives($0) }
    let tuning = root.field("tuning")?.section().map { Tuning($0) }
    root.end()
    try context.problems.settle()
    guard let component, let repository, let source else {
      throw Failure(.defect, "a profile without its values and without a problem", at: context.file)
    }
    return Profile(
      component: component, repository: repository, store: store ?? StoreSettings(), copies: copies ?? [],
      keys: keys ?? KeyFiles(), passphrase: passphrase, source: source, objectives: objectives ?? Objectives(),
      tuning: tuning ?? Tuning(), file: context.file, description: ProfileDescription(entries: context.entries))
  }
}
