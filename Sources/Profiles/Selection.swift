/// Which snapshot of a component is taken.
package enum Selection: Sendable, Equatable {
  /// The newest complete one, by the writer's signed sequence.
  case latest
  /// The newest one that a drill has proven.
  case latestProven
  /// The newest complete one that is not younger than the moment.
  case asOf(Moment)
  /// The one whose name begins with these hexadecimal digits.
  case snapshot(String)

  /// The selection as a person writes it: `latest`, `as of 2026-11-20T03:00:00Z`.
  package var text: String {
    switch self {
    case .latest: "latest"
    case .latestProven: "latest-proven"
    case .asOf(let moment): "as of \(moment.text)"
    case .snapshot(let prefix): "snapshot \(prefix)"
    }
  }

  /// Whether `text` can be the beginning of a snapshot's name: 4 to 64 lower-case hexadecimal digits.
  package static func isPrefix(_ text: String) -> Bool {
    (4...64).contains(text.utf8.count)
      && text.utf8.allSatisfy { ($0 >= 0x30 && $0 <= 0x39) || ($0 >= 0x61 && $0 <= 0x66) }
  }

  static func read(_ field: Field) -> Selection? {
    let expected = "latest, latest-proven, {as-of: …} or {snapshot: …}"
    if case .scalar = field.node.content, !field.node.isNothing {
      return field.choice([("latest", .latest), ("latest-proven", .latestProven)])
    }
    guard let section = field.section(expected) else { return nil }
    let moment = section.field("as-of")
    let prefix = section.field("snapshot")
    section.end()
    switch (moment, prefix) {
    case (let moment?, nil): return moment.moment().map { .asOf($0) }
    case (nil, let prefix?):
      return prefix.value("the first 4 to 64 hexadecimal digits of a snapshot's name", shown: { $0 }) {
        isPrefix($0) ? $0 : nil
      }.map { .snapshot($0) }
    default:
      section.problem("exactly one of as-of or snapshot is expected")
      return nil
    }
  }
}
