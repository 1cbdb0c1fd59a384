import Bytes

/// Reads a profile.
struct ProfileReader {
  let context: FileContext

  /// What stands in a profile; nil where a key is missing or wrong.
  struct Values {
    var component: String?
    var repository: String?
    var store: StoreSettings?
    var copies: [CopySettings]?
    var keys: KeyFiles?
    var passphrase: SecretReference?
    var source: SourceReader.Source?
    var targets: [String: TargetSettings]?
    var gate = GateSettings()
    var hooks: Hooks?
    var notify: [Notification]?
    var retention: Retention?
    var schedule: Schedule?
    var objectives: Objectives?
    var tuning: Tuning?
  }

  func read(_ node: YAMLNode) throws(Failure) -> Profile {
    let values = try values(of: node)
    guard let component = values.component, let repository = values.repository, let source = values.source else {
      throw Failure(.defect, "a profile without its values and without a problem", at: context.file)
    }
    return Profile(
      component: component, repository: repository, store: values.store ?? StoreSettings(),
      copies: values.copies ?? [], keys: values.keys ?? KeyFiles(), passphrase: values.passphrase,
      source: source.settings, times: source.times, targets: values.targets ?? [:], gate: values.gate,
      hooks: values.hooks ?? Hooks(), notify: values.notify ?? [], retention: values.retention,
      schedule: values.schedule, objectives: values.objectives ?? Objectives(), tuning: values.tuning ?? Tuning(),
      file: context.file, description: ProfileDescription(entries: context.entries))
  }

  /// Reads a base that other profiles extend, for its mistakes alone.
  func check(_ node: YAMLNode) throws(Failure) { _ = try values(of: node) }

  /// The keys at the top of a profile, inherited ones included.
  func names(_ node: YAMLNode) -> [String] {
    guard case .mapping(let pairs) = Inheritance(context: context).merged(node).content else { return [] }
    return pairs.map(\.key)
  }

  private func values(of node: YAMLNode) throws(Failure) -> Values {
    let whole = Inheritance(context: context).merged(node)
    guard let root = Field(node: whole, key: "", context: context).section("a profile") else {
      try context.problems.settle()
      throw Failure(.defect, "a profile without a problem", at: context.file)
    }
    let values = ProfileReader.values(root)
    try context.problems.settle()
    return values
  }

  /// Every key of a profile, in the order of the effective profile.
  static func values(_ root: Section) -> Values {
    var values = Values()
    _ = root.field(Inheritance.key, Inheritance.about)?.texts("a profile, or a list of them", allowsOne: true)
    values.component = root.required("component", "the component's name")?.identifier()
    let repository = root.required("repository", Words.repository)?.repository()
    values.repository = repository
    values.store = root.field("store", "how the repository's store is reached")?.section().map {
      StoreSettingsReader(section: $0, location: repository).read()
    }
    values.copies = root.field("copies", "where else the repository's objects are").map {
      CopiesReader.read($0, of: repository)
    }
    values.keys = root.field("keys", "where the key files lie")?.section().map { KeyFiles($0) }
    values.passphrase = root.field("passphrase", "where the passphrase of the key files comes from")?
      .section(SecretReference.expected)?.secretReference()
    values.source = root.required("source", "a group with its kind")?.section().flatMap {
      SourceReader(section: $0).read()
    }
    let kind = values.source?.settings.server?.kind
    values.targets = root.field("targets", "servers that snapshots are loaded into").map {
      TargetsReader.read($0, source: kind)
    }
    values.gate = GateReader.read(root)
    values.hooks = root.field("hooks", "programs around a backup")?.section().map { Hooks($0) }
    values.notify = root.field("notify", "whom to tell of what").map { Notification.read($0) }
    values.retention = root.field("retention", "which snapshots are kept")?.section().map { Retention($0) }
    values.schedule = root.field("schedule", "when the component is backed up")?.schedule()
    values.objectives = root.field("objectives", "what a recovery must reach")?.section().map { Objectives($0) }
    values.tuning = root.field("tuning", "choices between time and space")?.section().map { Tuning($0) }
    root.end()
    return values
  }
}

extension Field {
  fileprivate func schedule() -> Schedule? {
    value(Schedule.expected, shown: \.text, pattern: .schedule) { Schedule($0) }
  }
}
