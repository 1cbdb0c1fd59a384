import Bytes
import Drills
import Format
import Profiles

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
