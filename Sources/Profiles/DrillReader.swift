import Bytes

/// Reads a drill file; what it leaves out comes from the profile it names.
struct DrillReader {
  let context: FileContext

  func read(_ node: YAMLNode) throws(Failure) -> Drill {
    guard let root = Field(node: node, key: "", context: context).section("a drill") else {
      try context.problems.settle()
      throw Failure(.defect, "a drill without a problem", at: context.file)
    }
    let name = root.required("drill", "the drill's name")?.identifier()
    let profile = try root.field("profile").flatMap { field throws(Failure) in try self.profile(field) }
    let hasProfile = root.names.contains("profile")
    let component = field(root, "component", hasProfile, "the component's name")?.identifier()
    let repository = field(root, "repository", hasProfile, Words.repository)?.repository()
    // An endpoint and credentials must never be used for another repository than the one they were written for.
    let same = root.names.contains("repository") ? nil : profile
    let store = root.field("store")?.section().map {
      StoreSettingsReader(section: $0, location: repository ?? same?.repository).read()
    }
    let copies = root.field("copies").map { CopiesReader.read($0, of: repository ?? same?.repository) }
    let keys = root.field("keys")?.section().map { KeyFiles($0) }
    let passphrase = root.field("passphrase")?.section(SecretReference.expected)?.secretReference()
    let selection = selection(root)
    let target = target(root, profile)
    let scenario = root.field("scenario").flatMap { self.scenario($0, target) }
    let schedule = root.field("schedule").flatMap { $0.value(Schedule.expected, shown: \.text) { Schedule($0) } }
    let checks = root.required("checks", "a list of checks").map { CheckReader.read($0) }
    let objectives = root.field("objectives")?.section().map { Objectives($0) }
    let newestRow = root.field("newest-row").flatMap { NewestRowReader.read($0) }
    root.end()
    try context.problems.settle()
    guard let name, let component = component ?? profile?.component,
      let repository = repository ?? profile?.repository, let selection, let target, let checks
    else { throw Failure(.defect, "a drill without its values and without a problem", at: context.file) }
    return Drill(
      name: name, component: component, repository: repository,
      store: (store ?? StoreSettings()).completed(by: same?.store ?? StoreSettings()),
      copies: copies ?? same?.copies ?? [], keys: merged(keys, profile?.keys),
      passphrase: passphrase ?? profile?.passphrase, selection: selection, target: target, checks: checks,
      newestRow: newestRow, scenario: scenario, schedule: schedule, objectives: merged(objectives, profile?.objectives),
      notify: profile?.notify ?? [],
      file: context.file,
      description: description(with: profile))
  }

  /// A key that must be there unless a profile is named.
  private func field(_ root: Section, _ name: String, _ hasProfile: Bool, _ expected: String) -> Field? {
    hasProfile ? root.field(name) : root.required(name, "\(expected), or a profile that has it,")
  }

  /// The profile that the drill names. A profile that can't be read is a problem of the drill at this place; a
  /// profile with problems of its own is reported as itself.
  private func profile(_ field: Field) throws(Failure) -> Profile? {
    guard let path = field.path() else { return nil }
    do {
      return try Profile.load(path, environment: context.environment)
    } catch {
      if error.code == .profileInvalid { throw error }
      field.problem("\(error.what) \(path)")
      return nil
    }
  }

  private func selection(_ root: Section) -> Selection? {
    if let field = root.field("select") { return Selection.read(field) }
    root.assume("select", Selection.latest.text)
    return .latest
  }

  private func target(_ root: Section, _ profile: Profile?) -> DrillTarget? {
    if let field = root.field("target") {
      return field.section("{kind: scratch-server, …}").flatMap {
        DrillTargetReader(section: $0, profile: profile).read()
      }
    }
    root.assume("target.kind", DrillTargetReader.Kind.scratchFolder.rawValue)
    root.assume("target.keep", DrillTarget.Keep.never.rawValue)
    return DrillTarget()
  }

  private func scenario(_ field: Field, _ target: DrillTarget?) -> Scenario? {
    let scenario = ScenarioReader.read(field)
    if let scenario, let target { ScenarioReader.check(scenario, field, target) }
    return scenario
  }

  private func merged(_ own: KeyFiles?, _ profile: KeyFiles?) -> KeyFiles {
    KeyFiles(
      writer: own?.writer ?? profile?.writer, restorer: own?.restorer ?? profile?.restorer,
      keeper: own?.keeper ?? profile?.keeper)
  }

  private func merged(_ own: Objectives?, _ profile: Objectives?) -> Objectives {
    Objectives(
      recoveryTime: own?.recoveryTime ?? profile?.recoveryTime,
      recoveryPoint: own?.recoveryPoint ?? profile?.recoveryPoint)
  }

  /// The drill's own values, then what it takes from the profile.
  private func description(with profile: Profile?) -> ProfileDescription {
    let own = context.entries
    var groups = ["component", "repository", "keys.", "objectives."]
    if !own.contains(where: { $0.key.hasPrefix("passphrase.") }) { groups.append("passphrase.") }
    if !own.contains(where: { $0.key == "repository" }) {
      groups.append("store.")
      if !own.contains(where: { $0.key.hasPrefix("copies[") }) { groups.append("copies[") }
    }
    let inherited = (profile?.description.entries ?? []).filter { entry in
      groups.contains { entry.key.hasPrefix($0) } && !own.contains { $0.key == entry.key }
        && !DrillReader.isDisplaced(entry.key, by: own)
    }
    return ProfileDescription(entries: own + inherited)
  }

  /// Whether a value of the profile belongs to a group that the drill has in another form: an encryption, a lock.
  private static func isDisplaced(_ key: String, by own: [ProfileDescription.Entry]) -> Bool {
    ["store.encryption", "store.lock"].contains { group in
      key.hasPrefix(group) && own.contains { $0.key.hasPrefix(group) }
    }
  }
}
