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

/// Reads the `gate` of a profile.
enum GateReader {
  /// - Parameter root: the profile
  static func read(_ root: Section) -> GateSettings {
    guard let field = root.field("gate", "what a dump is compared with before it is complete, or off") else {
      assume(root, GateSettings())
      return GateSettings()
    }
    return field.either(single: { field.choice([("off", GateSettings.open)]) }) {
      field.section("off, or a group of size, rows, tables, ignore").map(gate)
    } ?? GateSettings()
  }

  private static func assume(_ root: Section, _ settings: GateSettings) {
    root.assume("gate.size.shrink", percent(settings.size.shrink))
    root.assume("gate.size.grow", percent(settings.size.grow))
    root.assume("gate.rows.shrink", percent(settings.rows.shrink))
    root.assume("gate.rows.grow", percent(settings.rows.grow))
    root.assume("gate.tables.vanish", settings.vanish.rawValue)
  }

  private static func gate(_ section: Section) -> GateSettings {
    var settings = GateSettings()
    settings.size = band("size", "bytes of the dump", settings.size, section)
    settings.rows = band("rows", "rows of each table", settings.rows, section)
    let choices: [(String, GateSettings.Vanishing)] = [("refuse", .refuse), ("allow", .allow)]
    let assumed = settings.vanish.rawValue
    if let tables = section.field("tables", "tables that were there last time") {
      let group = tables.section("{vanish: refuse}")
      let field = group?.field("vanish", "what a table that is gone means", assumed: assumed)
      settings.vanish = field?.choice(choices) ?? settings.vanish
      group?.end()
    } else {
      section.assume("tables.vanish", assumed)
    }
    settings.ignore =
      section.field("ignore", "tables whose rows and absence mean nothing")?
      .texts("a list of globs such as app.public.session_*", allowsOne: true) ?? []
    section.end()
    return settings
  }

  private static func band(
    _ name: String, _ about: String, _ assumed: GateSettings.Band, _ section: Section
  ) -> GateSettings.Band {
    guard let field = section.field(name, about) else {
      section.assume("\(name).shrink", percent(assumed.shrink))
      section.assume("\(name).grow", percent(assumed.grow))
      return assumed
    }
    return field.either(single: { field.choice([("off", GateSettings.Band())]) }) {
      guard let group = field.section("off, or {shrink: 50%, grow: 300%}") else { return nil }
      let shrink = share("shrink", "by how much it may be smaller", assumed.shrink, 0...1, group)
      let grow = share("grow", "by how much it may be larger", assumed.grow, 0...1000, group)
      group.end()
      return GateSettings.Band(shrink: shrink, grow: grow)
    } ?? assumed
  }

  private static func share(
    _ name: String, _ about: String, _ assumed: Double?, _ range: ClosedRange<Double>, _ section: Section
  ) -> Double? {
    guard let field = section.field(name, about, assumed: percent(assumed)) else { return assumed }
    return field.share(range)
  }

  /// `50%`, or `off`.
  static func percent(_ share: Double?) -> String {
    guard let share else { return "off" }
    let tenths = Int64((share * 1_000).rounded())
    return tenths.isMultiple(of: 10) ? "\(tenths / 10)%" : "\(tenths / 10).\(tenths % 10)%"
  }
}

extension Field {
  /// A percentage as a share, or nil for the word `off`.
  fileprivate func share(_ range: ClosedRange<Double>) -> Double? {
    if isRecording { _ = choice([("off", ())]) }
    if isWord("off") { return choice([("off", nil)]) ?? nil }
    let bounds = "\(GateReader.percent(range.lowerBound)) to \(GateReader.percent(range.upperBound))"
    return value("off, or a percentage from \(bounds)", shown: { GateReader.percent($0) }, pattern: .percent) { text in
      guard text.hasSuffix("%"), text.utf8.allSatisfy({ (0x30...0x39).contains($0) || $0 == 0x2e || $0 == 0x25 }),
        let number = Double(text.dropLast()), range.contains(number / 100)
      else { return nil }
      return (number * 10).rounded() / 1_000
    }
  }
}
