/// A group of keys being read. It knows the keys that were asked for; `end()` complains about all others, so the
/// schema of a file is the code that reads it and can't disagree with it.
final class Section {
  private let pairs: [YAMLPair]
  private let mark: YAMLMark
  private let key: String
  private let context: FileContext
  private var known: [String] = []
  /// Where what the readers ask for is written down; nil while a file is read.
  private var group: Shape.Group?

  init(pairs: [YAMLPair], mark: YAMLMark, key: String, context: FileContext) {
    self.pairs = pairs
    self.mark = mark
    self.key = key
    self.context = context
    group = nil
  }

  /// A group in which every key is found, for the schema.
  init(recording group: Shape.Group, context: FileContext) {
    pairs = []
    mark = .start
    key = ""
    self.context = context
    self.group = group
  }

  /// Whether the readers are run for the schema and not over a file.
  var isRecording: Bool { group != nil }

  private func full(_ name: String) -> String { key.isEmpty ? name : "\(key).\(name)" }

  /// The value of a key that may be left out.
  ///
  /// - Parameters:
  ///   - about: what the key is for, for editors
  ///   - assumed: what counts where it is left out; noted on the effective profile
  func field(_ name: String, _ about: String = "", assumed: String? = nil) -> Field? {
    if let group { return Field(recording: group.shape(name, about, assumed), context: context) }
    known.append(name)
    if let pair = pairs.first(where: { $0.key == name }) {
      return Field(node: pair.value, key: full(name), context: context)
    }
    if let assumed { assume(name, assumed) }
    return nil
  }

  /// The value of a key that must be there; a missing one is a problem at the place of the group.
  func required(_ name: String, _ expected: String) -> Field? {
    group?.required.append(name)
    if let field = field(name, expected) { return field }
    if !context.mayLackKeys { context.problems.add(mark, full(name), "missing; \(expected) is expected") }
    return nil
  }

  /// Exactly one of several keys.
  func exactlyOne<Value>(
    _ readers: [(name: String, about: String, read: (Field) -> Value?)], _ expected: String
  ) -> Value? {
    let found = readers.compactMap { reader in field(reader.name, reader.about).map { (field: $0, read: reader.read) } }
    if let group {
      group.isChoice = true
      for (field, read) in found { _ = read(field) }
      return nil
    }
    guard found.count == 1 else {
      problem(expected)
      return nil
    }
    return found[0].read(found[0].field)
  }

  /// A key whose word decides which other keys there are.
  ///
  /// - Parameter assumed: the word where the key is left out; without one the key must be there
  func variant<Value>(
    _ name: String, _ expected: String, _ readers: [(String, () -> Value?)], assumed: String? = nil
  ) -> Value? {
    if let group {
      group.variantKey = name
      for (word, read) in readers {
        self.group = Shape.Group()
        _ = read()
        group.variants.append((word, self.group ?? Shape.Group()))
      }
      self.group = group
      return nil
    }
    guard let assumed, !names.contains(name) else {
      return required(name, expected)?.choice(readers).flatMap { $0() }
    }
    _ = field(name, assumed: assumed)
    return readers.first { $0.0 == assumed }.flatMap { $0.1() }
  }

  /// Notes a default on the effective profile.
  func assume(_ name: String, _ value: String) {
    if !isRecording { context.note(full(name), .text(value), from: "default") }
  }

  /// All keys with their values, where the keys are the person's own words.
  ///
  /// - Parameters:
  ///   - example: a word that may stand there
  ///   - about: what the values are for, for editors
  func all(example: String, _ about: String) -> [(name: String, field: Field)] {
    if let group {
      let shape = Shape(about: about)
      group.free = shape
      return [(example, Field(recording: shape, context: context))]
    }
    return pairs.map { pair in
      known.append(pair.key)
      return (pair.key, Field(node: pair.value, key: full(pair.key), context: context))
    }
  }

  /// The keys as they stand there.
  var names: [String] { pairs.map(\.key) }

  func problem(_ what: String) {
    if !isRecording { context.problems.add(mark, key, what) }
  }

  /// Complains about every key that nobody asked for.
  func end() {
    for pair in pairs where !known.contains(pair.key) {
      let advice = NearestKey.advice(for: pair.key, among: known)
      context.problems.add(pair.mark, full(pair.key), "unknown key; \(advice)")
    }
  }
}
