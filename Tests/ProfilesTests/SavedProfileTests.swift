import Bytes
import Profiles
import TestKit
import Testing

@Suite("An effective profile that was saved")
struct SavedProfileTests {
  /// Saves a profile as a snapshot does, and reads the file that comes of it elsewhere.
  private func readAgain(_ profile: Profile) throws -> (saved: SavedProfile, profile: Profile) {
    let saved = try #require(SavedProfile(profile.description.tree))
    return (saved, try Profile.parse(Array(saved.yaml.utf8), file: "/elsewhere/x.yaml", folders: []) { _ in nil })
  }

  /// Keys and values, without what can't be told again.
  private func values(_ profile: Profile) -> [String] {
    profile.description.entries.filter { $0.key != "extends" && $0.value != .text("(set)") }
      .map { "\($0.key)=\($0.value.text)" }.sorted()
  }

  @Test("gives a file that means the same, for every example")
  func examples() throws {
    for name in Files.names(in: "\(Checkout.root)/profiles").filter({ $0.hasSuffix(".yaml") && $0 != "site.yaml" }) {
      let profile = try Profile.load("\(Checkout.root)/profiles/\(name)", folders: [])
      let (saved, again) = try readAgain(profile)
      #expect(values(again) == values(profile), "\(name)")
      #expect(again.source == profile.source && again.times == profile.times && again.targets == profile.targets)
      #expect(again.gate == profile.gate && again.hooks == profile.hooks && again.notify == profile.notify)
      #expect(again.repository == profile.repository && again.keys == profile.keys && again.store == profile.store)
      #expect(
        again.copies == profile.copies && again.objectives == profile.objectives && again.tuning == profile.tuning)
      #expect(saved.notRecorded.isEmpty && !saved.lacksRepository)
      #expect(saved.extended == (name == "orders.yaml" ? ["site"] : []))
    }
  }

  @Test("keeps variables where they were written, and says what was not recorded")
  func variables() throws {
    for text in [Samples.sqlite, Samples.command, Samples.database] {
      let profile = try Samples.profile(text, ["DATABASE": "ledger2"])
      let (saved, again) = try readAgain(profile)
      #expect(values(again) == values(profile))
      #expect(!saved.yaml.contains("secret-in-the-file") && !saved.yaml.contains("ledger2"))
      #expect(again.retention == profile.retention && again.schedule == profile.schedule)
    }
    #expect(
      try readAgain(try Samples.profile(Samples.command)).saved.notRecorded == ["source.environment.PGHOST"])
  }

  @Test("holds any text: what YAML would take for something else is in quotes, and no text becomes a variable")
  func texts() throws {
    let texts = [
      "null", "~", "a: b", "- a", "'", "\"", "#", "a #b", "{a}", "[", "é\u{1F600}", "tab\there", "two\nlines", " a ",
      "true", "12", "*", "&a", "!x", "%", "@", "`", "${HOME}", "$${HOME}", "$", "a\\b", ":", "?", "|", ">", "\u{85}",
    ]
    for text in texts {
      let yaml =
        "component: a\nrepository: r\nsource: {kind: stdin, marker: \(JSONText.text(text.replacing("${", with: "$${")).encoded)}\n"
      let profile = try Samples.profile(yaml)
      #expect(profile.source == .standardInput(StandardInputSettings(marker: text)), "\(text)")
      #expect(try readAgain(profile).profile.source == profile.source, "\(text)")
    }
  }

  @Test("from a run without a profile, or by somebody who means harm, is a file or nothing, never the end")
  func others() throws {
    let bare = try #require(SavedProfile(.object([("component", .text("a")), ("source.kind", .text("stdin"))])))
    #expect(bare.lacksRepository)
    #expect(bare.yaml == "component: a\nsource:\n  kind: stdin\n")
    #expect(SavedProfile(.text("x")) == nil)
    #expect(SavedProfile(.list([])) == nil)
    let deep = String(repeating: "a.", count: 10_000) + "a"
    let odd: [(String, JSONText)] = [
      ("", .text("x")), (".", .text("x")), ("a", .text("x")), ("a.b", .text("y")), ("a[0]", .text("z")),
      ("b[99999999999999999999]", .text("x")), ("c[-1]", .text("x")), ("d[0", .text("x")), (deep, .text("x")),
      ("e: f\n#", .text("x")), ("g", .object([("h", .text("i"))])), ("i", .nothing), ("j", .list([.nothing])),
      ("k[9223372036854775807]", .text("x")), ("copies[1]", .text("b")), ("copies[0]", .text("a")),
    ]
    let saved = try #require(SavedProfile(.object(odd)))
    #expect(saved.yaml.contains("copies:\n  - a\n  - b\n"))
    #expect(throws: Failure.self) {
      try Profile.parse(Array(saved.yaml.utf8), file: "x.yaml", folders: []) { _ in nil }
    }
  }
}
