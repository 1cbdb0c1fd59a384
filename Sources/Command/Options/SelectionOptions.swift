import ArgumentParser
import Bytes
import Engine
import Profiles
import Repository

/// Which snapshot is meant.
struct SelectionOptions: ParsableArguments {
  @Option(help: "The snapshot whose id begins so.")
  var snapshot: String?

  @Option(help: "The newest complete snapshot that is not younger (2026-11-20 03:00, or with a zone: …T03:00:00Z).")
  var asOf: String?

  @Flag(help: "The newest snapshot that a drill has proven.")
  var latestProven = false

  @Option(help: "Snapshots of the writer whose id begins so, where several have the component.")
  var writer: String?

  /// The selection; `latest` if nothing is said.
  func selection() throws(Failure) -> Selection {
    let given = [snapshot != nil, asOf != nil, latestProven].filter { $0 }.count
    guard given <= 1 else {
      throw Failure(
        .usage, "--snapshot, --as-of and --latest-proven exclude each other", at: "command line",
        next: "Leave all but one out.")
    }
    if let snapshot { return try SelectionOptions.named(snapshot) }
    if latestProven { return .latestProven }
    guard let asOf else { return .latest }
    guard let moment = LocalTime.moment(asOf) else {
      throw Failure(
        .usage, "\(asOf) is no time", at: "--as-of", next: "Write 2026-11-20 03:00, or 2026-11-20T03:00:00Z.")
    }
    return .asOf(moment)
  }

  /// A word that is `latest`, `latest-proven`, or the beginning of an id.
  static func word(_ text: String) throws(Failure) -> Selection {
    switch text {
    case "latest": .latest
    case "latest-proven": .latestProven
    default: try named(text)
    }
  }

  private static func named(_ text: String) throws(Failure) -> Selection {
    guard Selection.isPrefix(text) else {
      throw Failure(
        .usage, "\(text) is no beginning of a snapshot's id", at: "command line",
        next: "Give 4 to 64 hexadecimal digits, as lifeboat snapshots shows them.")
    }
    return .snapshot(text)
  }
}
