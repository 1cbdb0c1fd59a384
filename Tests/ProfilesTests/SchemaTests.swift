import Bytes
import FoundationEssentials
import Profiles
import TestKit
import Testing

@Suite("The schema of profiles")
struct SchemaTests {
  private let checker = SchemaChecker(root: ProfileSchema.json)

  @Test("is JSON, and says which")
  func json() throws {
    let text = ProfileSchema.json.encoded
    _ = try JSONDecoder().decode([String: Anything].self, from: Data(text.utf8))
    #expect(text.hasPrefix(#"{"$schema":"https://json-schema.org/draft/2020-12/schema","title":"#))
    #expect(ProfileSchema.json == ProfileSchema.json)
  }

  private struct Anything: Decodable {}

  @Test("lets every example pass, and every profile of these tests")
  func examples() throws {
    let names = Files.names(in: "\(Checkout.root)/profiles").filter { $0.hasSuffix(".yaml") }
    #expect(names.count >= 9)
    let texts = try names.map { try Checkout.text("profiles/\($0)") }
    for (index, text) in (texts + [Samples.sqlite, Samples.command, Samples.database]).enumerated() {
      let objection = checker.objection(to: try SchemaChecker.tree(text))
      #expect(objection == nil, "\(index < names.count ? names[index] : "a sample")")
    }
  }

  private static func base(_ rest: String) -> String {
    "component: a\nrepository: r\nsource: {kind: redis}\n\(rest)\n"
  }

  @Test(
    "refuses what is wrong in itself",
    arguments: [
      "[a]", "component: a\n", "component: a\nrepository: r\n",
      "component: A B\nrepository: r\nsource: {kind: redis}\n",
      "component: a\nrepository: r\nsource: {kind: oracle}\n",
      "component: a\nrepository: r\nsource: {kind: stdin, path: x}\n",
      "component: a\nrepository: r\nsource: {kind: redis, port: 0}\n", base("tuning: {threads: many}"),
      base("tuning: {thread: 1}"), base("objectives: {rto: soon}"), base("copies: []"), base("copies: [{store: {}}]"),
      base("passphrase: {file: a, command: [b]}"), base("passphrase: {}"), base("passphrase: hunter2"),
      base("passphrase: {environment: A}"), base("hooks: {before: [{timeout: 1s}]}"),
      base("notify: [{on: gone, run: x}]"),
      base("gate: {size: {shrink: 50}}"), base("schedule: sometimes"), base("retention: {keep-last: 0}"),
      base("targets: {a: {kind: redis, service: x}}"), base("store: {lock: {mode: legal}}"),
    ])
  func refuses(text: String) throws {
    #expect(checker.objection(to: try SchemaChecker.tree(text)) != nil)
  }

  @Test(
    "lets pass what a profile may be",
    arguments: [
      base(""), "extends: b\n", "extends: [a, b]\ncomponent: c\n", "repository: r\nsource: {host: db}\n",
      base("objectives: {rto: '${RTO}'}"), base("tuning: {threads: '${THREADS:-4}'}"), base("objectives: null"),
      "component: 123\nrepository: 1e3\nsource: {kind: stdin, marker: yes}\n", base("gate: off"),
      base("store: {encryption: {customer: {credential: k}}, conditional-puts: true, upload-limit: 5MiB/s}"),
    ])
  func passes(text: String) throws {
    #expect(checker.objection(to: try SchemaChecker.tree(text)) == nil)
  }

  @Test("holds the defaults")
  func defaults() {
    let text = ProfileSchema.json.encoded
    for part in [
      #""checksums":{"description":"whether every row is hashed as it passes","default":true,"#,
      #""stall-timeout":{"description":"the longest time without a byte of the dump, or off","default":"15m","#,
      #""vanish":{"description":"what a table that is gone means","default":"refuse","#,
    ] {
      #expect(text.contains(part))
    }
  }

  // MARK: - The same keys as the readers'

  /// A group of the schema: how a profile reaches it, and the keys that it knows.
  private struct Group {
    var path: [String]
    var keys: [String]
  }

  /// Every group of keys, down from the top.
  private func groups(_ schema: JSONText, _ path: [String], into groups: inout [Group]) {
    if let properties = schema["properties"] {
      let kind = properties["kind"]?["const"].map { [$0.encoded.filter { $0 != "\"" }] } ?? []
      groups.append(Group(path: path + kind.map { "kind=\($0)" }, keys: properties.names))
      for name in properties.names {
        self.groups(properties[name] ?? .nothing, path + kind.map { "kind=\($0)" } + [name], into: &groups)
      }
    }
    for form in schema["anyOf"]?.items ?? [] { self.groups(form, path, into: &groups) }
    if let items = schema["items"] { self.groups(items, path + ["[]"], into: &groups) }
    if let free = schema["additionalProperties"], !free.names.isEmpty {
      self.groups(free, path + ["name"], into: &groups)
    }
  }

  /// A profile that holds nothing but one group with `inside` in it.
  private func text(_ path: [String], _ inside: String) -> String {
    guard let step = path.first else { return inside }
    if step == "[]" { return "[{\(text(Array(path.dropFirst()), inside))}]" }
    if step.hasPrefix("kind=") { return "kind: \(step.dropFirst(5)), \(text(Array(path.dropFirst()), inside))" }
    let rest = Array(path.dropFirst())
    if rest.first == "[]" { return "\(step): \(text(rest, inside))" }
    return "\(step): {\(text(rest, inside))}"
  }

  @Test("has exactly the keys that are read: each is known, and a group lists the same ones as valid")
  func sameKeys() throws {
    var groups: [Group] = []
    self.groups(ProfileSchema.json, [], into: &groups)
    let keys = Set(groups.flatMap(\.keys))
    #expect(groups.count > 40 && keys.count > 80, "\(groups.count) groups, \(keys.count) keys")
    for group in groups {
      let path = group.path.map { $0 == "name" ? (group.path.contains("environment") ? "NAME" : "name") : $0 }
      for key in group.keys where key != "kind" {
        let problems = Samples.problems("{\(text(path, "\"\(key)\": []"))}\n", [:])
        #expect(!problems.contains { $0.contains("\(key): unknown key") }, "\(path) \(key): \(problems)")
      }
      let unknown = Samples.problems("{\(text(path, "\"0123456789012345678901234567890123456789\": []"))}\n")
      let told = unknown.first { $0.contains("unknown key; valid here: ") }
      let listed = told?.split(separator: "valid here: ").last?.split(separator: ", ").map(String.init)
      #expect(listed?.sorted() == group.keys.sorted(), "\(path): \(unknown)")
    }
  }

  @Test("says what every key is for")
  func described() {
    func undescribed(_ schema: JSONText, _ path: String) -> [String] {
      var found: [String] = []
      for name in schema["properties"]?.names ?? [] where name != "kind" {
        let property = schema["properties"]?[name] ?? .nothing
        if property["description"] == nil { found.append("\(path).\(name)") }
        found += undescribed(property, "\(path).\(name)")
      }
      for form in schema["anyOf"]?.items ?? [] { found += undescribed(form, path) }
      if let items = schema["items"] { found += undescribed(items, "\(path)[]") }
      return found
    }
    #expect(undescribed(ProfileSchema.json, "") == [])
  }
}
