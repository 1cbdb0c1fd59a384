/// A group of keys being read. It knows the keys that were asked for; `end()` complains about all others, so the
/// schema of a file is the code that reads it and can't disagree with it.
final class Section {
  private let pairs: [YAMLPair]
  private let mark: YAMLMark
  private let key: String
  private let context: FileContext
  private var known: [String] = []

  init(pairs: [YAMLPair], mark: YAMLMark, key: String, context: FileContext) {
    self.pairs = pairs
    self.mark = mark
    self.key = key
    self.context = context
  }

  private func full(_ name: String) -> String { key.isEmpty ? name : "\(key).\(name)" }

  /// The value of a key that may be left out.
  func field(_ name: String) -> Field? {
    known.append(name)
    return pairs.first { $0.key == name }.map { Field(node: $0.value, key: full(name), context: context) }
  }

  /// The value of a key that must be there; a missing one is a problem at the place of the group.
  func required(_ name: String, _ expected: String) -> Field? {
    if let field = field(name) { return field }
    context.problems.add(mark, full(name), "missing; \(expected) is expected")
    return nil
  }

  /// Notes a default on the effective profile.
  func assume(_ name: String, _ value: String) {
    context.note(full(name), .text(value), from: "default")
  }

  /// All keys with their values, where the keys are the person's own words.
  func all() -> [(name: String, field: Field)] {
    pairs.map { pair in
      known.append(pair.key)
      return (pair.key, Field(node: pair.value, key: full(pair.key), context: context))
    }
  }

  /// The keys as they stand there.
  var names: [String] { pairs.map(\.key) }

  func problem(_ what: String) { context.problems.add(mark, key, what) }

  /// Complains about every key that nobody asked for.
  func end() {
    for pair in pairs where !known.contains(pair.key) {
      let advice = NearestKey.advice(for: pair.key, among: known)
      context.problems.add(pair.mark, full(pair.key), "unknown key; \(advice)")
    }
  }
}
