import Drills

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
