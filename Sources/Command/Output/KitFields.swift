import Bytes
import Drills
import Format
import Profiles

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
