import Bytes
import Drills
import Format
import Glibc
import Profiles

/// The page of a rescue kit as plain text. What stands below the ways is a script: titles are its comments.
struct KitText {
  private let kit: RecoveryKit

  init(_ kit: RecoveryKit) { self.kit = kit }

  var text: String { lines.joined(separator: "\n") + "\n" }

  var lines: [String] {
    let title = "RESCUE KIT OF \(kit.component)"
    return [title, String(repeating: "=", count: title.utf8.count)] + KitWords.head(kit) + [""]
      + section("Where", KitWords.places(kit))
      + section("Keys (the files themselves; never on paper)", KitWords.keys(kit))
      + section("Times", KitWords.times(kit))
      + kit.ways.enumerated().flatMap { way($0.element, letter: ["A", "B"][min($0.offset, 1)]) }
      + section("Afterwards", KitWords.afterwards(kit))
  }

  private func section(_ title: String, _ lines: [String]) -> [String] { [title] + lines.map { "  \($0)" } + [""] }

  private func way(_ way: KitWay, letter: String) -> [String] {
    var lines = ["# \(letter). \(KitWords.title(way))", "#    needs \(KitWords.packages(way))", "#"]
    lines += way.variables.map { variable in "\(variable.line)  # \(variable.about)" } + ["cd /"]
    for (number, step) in way.steps.enumerated() {
      lines += ["", "# \(letter)\(number + 1). \(step.title) (\(KitWords.measured(step, kit)))"]
      lines += step.command.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    }
    return lines + [""]
  }
}

/// What stands on the page, in words; the same on paper and in a browser.
enum KitWords {
  static func head(_ kit: RecoveryKit) -> [String] {
    [
      "Printed \(LocalTime.text(kit.printed)) by \(kit.tool). Print it again when keys, stores or servers change.",
      "Repository \(kit.repository.hex), root key \(kit.root)",
    ]
  }

  static func places(_ kit: RecoveryKit) -> [String] {
    let contents = kit.contents
    var lines = ["primary: \(SafeText.line(kit.primary.text))"]
    lines += kit.copies.enumerated().map { "copy \($0.offset + 1): \(SafeText.line($0.element.text))" }
    lines.append(
      "newest snapshot \(contents.snapshot.prefix(12)) of \(LocalTime.text(contents.taken)): \(contents.engine) "
        + "\(SafeText.line(contents.version)), \(ByteCount(contents.bytes).rounded)")
    if let databases = contents.databases {
      lines.append("databases: \(databases.map { SafeText.line($0) }.joined(separator: ", "))")
    }
    if !contents.extensions.isEmpty {
      lines.append("extensions that need packages of their own: \(contents.extensions.joined(separator: ", "))")
    }
    return lines
  }

  static func keys(_ kit: RecoveryKit) -> [String] {
    var lines = kit.keys.map { key in
      let place = SafeText.line(key.path ?? "place not known")
      let lock = key.isProtected.map { $0 ? "asks for its passphrase" : "no passphrase" } ?? "passphrase: not seen here"
      let prints = key.fingerprints.isEmpty ? "none" : key.fingerprints.joined(separator: " ")
      return "\(key.role.rawValue): \(place) (\(lock)); public keys \(prints)"
    }
    lines.append("A recovery needs the restorer's alone. In it, \"root\" must be the root key above.")
    if kit.primary.isBucket {
      lines.append(
        "Credentials of the bucket, for reading: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (and AWS_SESSION_TOKEN),")
      lines.append("or AWS_SHARED_CREDENTIALS_FILE with the path of a credentials file; export them before you begin.")
    }
    if let reference = kit.primary.customerKey {
      lines.append(
        "The store encrypts with a key of yours: \(SafeText.line(reference.text)); rclone takes it from "
          + "RCLONE_S3_SSE_CUSTOMER_KEY.")
    }
    return lines
  }

  static func times(_ kit: RecoveryKit) -> [String] {
    let rto = kit.objectives.recoveryTime?.text ?? "none"
    let rpo = kit.objectives.recoveryPoint?.text ?? "none"
    var lines = ["objectives: RTO \(rto), RPO \(rpo)"]
    guard let last = kit.measured.last else { return lines + ["no recovery was ever measured: run a drill"] }
    lines.append("last: \(run(last))")
    guard let proven = kit.measured.proven else { return lines + ["no snapshot was ever proven"] }
    if proven != last { lines.append("last proven: \(run(proven))") }
    let phases = proven.phases.filter { $0.nanoseconds.value >= 1_000_000 }.map { phase in
      "\(SafeText.line(phase.name)) \(Duration.text(phase.nanoseconds.value))"
    }
    return lines + ["in it: \(phases.joined(separator: ", "))"]
  }

  private static func run(_ run: KitMeasured.Run) -> String {
    let name = run.sort == .recovery ? "incident \(run.name)" : "drill \(run.name)"
    let target = run.target.map { " to \($0)" } ?? ""
    return SafeText.line(
      "\(name) at \(LocalTime.text(run.time.when)): \(run.time.verdict.rawValue), TTR "
        + "\(Duration.text(run.time.nanoseconds)) for \(ByteCount(run.bytes).rounded)\(target), record "
        + "\(run.time.record.hex.prefix(12))")
  }

  static func title(_ way: KitWay) -> String {
    switch way.tool {
    case .lifeboat: "With lifeboat"
    case .reader: "Without lifeboat: rescue.py, which lies in the repository, and the vendor's tools"
    }
  }

  static func packages(_ way: KitWay) -> String { "apt-get install \(way.packages.joined(separator: " "))" }

  static func measured(_ step: KitStep, _ kit: RecoveryKit) -> String {
    guard let time = kit.measured.steps[step.title] else { return "never measured" }
    return "\(Duration.text(time.nanoseconds)) at \(LocalTime.text(time.when)), \(time.verdict.rawValue), record "
      + "\(time.record.hex.prefix(12))"
  }

  static func afterwards(_ kit: RecoveryKit) -> [String] {
    var lines = [
      "Paste a step at a time; go on when it has printed no error. To begin again, begin with another WORK.",
      "The primary store is lost: set REPO (and its endpoint and region) to a copy.",
    ]
    switch kit.ways.first?.result {
    case .server(let kind):
      lines.append(
        "The fresh \(kind) server listens on its socket alone, and lets in who can reach it: before applications use it "
          + "give it its addresses, rights, and settings, and move WORK/server where it belongs.")
    case .folder, nil:
      lines.append("What was restored is in WORK/dump: put it where it belongs, with the owner it had.")
    }
    lines.append("Make it a record: lifeboat restore … --incident NAME, on a host that has the profile; then a backup.")
    return lines
  }
}

/// A rescue kit as JSON.
enum KitFields {
  static func of(_ kit: RecoveryKit) -> [(String, JSONText)] {
    func texts(_ list: [String]) -> JSONText { .list(list.map { .text($0) }) }
    let contents = kit.contents
    return [
      ("component", .text(kit.component)), ("repository", .text(kit.repository.hex)), ("root", .text(kit.root)),
      ("primary", place(kit.primary)), ("copies", .list(kit.copies.map(place))), ("keys", .list(kit.keys.map(key))),
      ("credentials", texts(kit.credentials)), ("engine", .text(contents.engine)), ("version", .text(contents.version)),
      ("snapshot", .text(contents.snapshot)), ("taken", .time(contents.taken)), ("bytes", .count(contents.bytes)),
      ("databases", contents.databases.map(texts) ?? .nothing),
      ("rto", kit.objectives.recoveryTime.map { .integer($0.count) } ?? .nothing),
      ("rpo", kit.objectives.recoveryPoint.map { .integer($0.count) } ?? .nothing), ("reader", .text(kit.reader)),
      ("program", .text(kit.program)), ("ways", .list(kit.ways.map { way($0, kit) })),
      ("last", kit.measured.last.map(run) ?? .nothing), ("proven", kit.measured.proven.map(run) ?? .nothing),
      ("printed", .time(kit.printed)), ("tool", .text(kit.tool)),
    ]
  }

  private static func place(_ place: KitPlace) -> JSONText {
    func optional(_ text: String?) -> JSONText { text.map { .text($0) } ?? .nothing }
    return .object([
      ("location", .text(place.location)), ("endpoint", optional(place.endpoint)), ("region", optional(place.region)),
      ("certificates", optional(place.certificates)),
    ])
  }

  private static func key(_ key: KitKey) -> JSONText {
    .object([
      ("role", .text(key.role.rawValue)), ("path", key.path.map { .text($0) } ?? .nothing),
      ("fingerprints", .list(key.fingerprints.map { .text($0) })),
      ("protected", key.isProtected.map { .truth($0) } ?? .nothing),
    ])
  }

  private static func way(_ way: KitWay, _ kit: RecoveryKit) -> JSONText {
    let variables = way.variables.map { variable in
      JSONText.object([
        ("name", .text(variable.name)), ("line", .text(variable.line)), ("about", .text(variable.about)),
      ])
    }
    let steps = way.steps.map { step in
      JSONText.object([
        ("title", .text(step.title)), ("command", .text(step.command)),
        ("measured", kit.measured.steps[step.title].map { .object(time($0)) } ?? .nothing),
      ])
    }
    return .object([
      ("tool", .text(way.tool.rawValue)), ("packages", .list(way.packages.map { .text($0) })),
      ("variables", .list(variables)), ("steps", .list(steps)),
    ])
  }

  private static func run(_ run: KitMeasured.Run) -> JSONText {
    .object([("sort", .text(run.sort.rawValue)), ("name", .text(run.name))] + time(run.time))
  }

  private static func time(_ time: KitMeasured.Time) -> [(String, JSONText)] {
    [
      ("nanoseconds", .count(time.nanoseconds)), ("when", .time(time.when)), ("verdict", .text(time.verdict.rawValue)),
      ("record", .text(time.record.hex)),
    ]
  }
}
