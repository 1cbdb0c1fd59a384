/// One value of a file, on its way to a type. Every reading method adds a problem and returns nil where the value
/// doesn't fit, and notes the value that counts on the effective profile where it does.
struct Field {
  /// How a value is shown on the effective profile.
  enum Display {
    /// As it counts.
    case effective
    /// As it was written, with `${NAME}` left in: what the environment adds may be secret.
    case asWritten
    /// Only that there is one.
    case hidden
    case nothing
  }

  let node: YAMLNode
  /// Dotted from the top of the file.
  let key: String
  let context: FileContext
  /// Where the ways to write this value are written down; nil while a file is read.
  private let shape: Shape?

  init(node: YAMLNode, key: String, context: FileContext) {
    self.node = node
    self.key = key
    self.context = context
    shape = nil
  }

  /// A value that is there, for the schema.
  init(recording shape: Shape, context: FileContext) {
    node = YAMLNode(mark: .start, content: .anything)
    key = ""
    self.context = context
    self.shape = shape
  }

  /// Whether the readers are run for the schema and not over a file. Every reading method then returns nil.
  var isRecording: Bool { shape != nil }

  func problem(_ what: String) {
    if case .refused = node.content { return }
    if isRecording { return }
    context.problems.add(node.mark, key, what)
  }

  var origin: String { "\(node.mark.file ?? context.file):\(node.mark.line):\(node.mark.column)" }

  // MARK: single values

  /// Any text that isn't empty.
  func text(_ expected: String = "a text", display: Display = .effective) -> String? {
    shape?.add(.text)
    guard let (text, written, origin) = scalar(expected) else { return nil }
    switch display {
    case .effective: context.note(key, .text(text), from: origin)
    case .asWritten: context.note(key, .text(written), from: origin)
    case .hidden: context.note(key, .text("(set)"), from: origin)
    case .nothing: break
    }
    return text
  }

  /// A text that `read` turns into a value; `shown` is its spelling on the effective profile.
  func value<Value>(
    _ expected: String, shown: (Value) -> String, pattern: Shape.Pattern? = nil, _ read: (String) -> Value?
  ) -> Value? {
    shape?.add(pattern.map { .pattern($0) } ?? .text)
    guard let (text, _, origin) = scalar(expected) else { return nil }
    guard let value = read(text) else {
      problem("\(Field.excerpt(text)) is not \(expected)")
      return nil
    }
    context.note(key, .text(shown(value)), from: origin)
    return value
  }

  func integer(_ range: ClosedRange<Int>) -> Int? {
    shape?.add(.integer(range))
    let expected = "a whole number from \(range.lowerBound) to \(range.upperBound)"
    guard let (text, _, origin) = scalar(expected) else { return nil }
    guard let value = Int(text), range.contains(value) else {
      problem("\(Field.excerpt(text)) is not \(expected)")
      return nil
    }
    context.note(key, .number(Int64(value)), from: origin)
    return value
  }

  func decimal() -> Double? {
    if let shape {
      shape.add(.number)
      return nil
    }
    return value("a number", shown: { $0 == $0.rounded() && abs($0) < 1e15 ? "\(Int64($0))" : "\($0)" }) { text in
      Double(text).flatMap { $0.isFinite ? $0 : nil }
    }
  }

  func truth() -> Bool? {
    if let shape {
      shape.add(.truth)
      return nil
    }
    return value("true or false", shown: { "\($0)" }) { ["true": true, "false": false][$0] }
  }

  func seconds() -> Seconds? {
    value("a span of time such as 90s, 15m, 24h or 7d", shown: \.text, pattern: .span) { Seconds($0) }
  }

  func byteCount() -> ByteCount? {
    value("a size such as 256KiB, 16MiB or 1GB", shown: \.text, pattern: .size) { ByteCount($0) }
  }

  func moment() -> Moment? {
    value("a moment with its zone such as 2026-11-20T03:00:00Z", shown: \.text) { Moment($0) }
  }

  /// One of a few words.
  func choice<Value>(_ choices: [(String, Value)], isNoted: Bool = true) -> Value? {
    let words = choices.map(\.0)
    shape?.add(.words(words))
    guard let (text, _, origin) = scalar("one of " + words.joined(separator: ", ")) else { return nil }
    guard let found = choices.first(where: { $0.0 == text }) else {
      problem("\(Field.excerpt(text)) is not known; \(NearestKey.advice(for: text, among: words))")
      return nil
    }
    if isNoted { context.note(key, .text(text), from: origin) }
    return found.1
  }

  /// A path; relative ones start in the folder of the file, and `~` stays a letter.
  func path() -> String? {
    shape?.add(.text)
    guard let (text, _, origin) = scalar("a path") else { return nil }
    guard !text.unicodeScalars.contains("\0") else {
      problem("a path can't hold a zero byte")
      return nil
    }
    if text == "~" || text.hasPrefix("~/") {
      problem("~ is not expanded; write the folder out, or use ${HOME}")
      return nil
    }
    let path = context.resolve(text, at: node.mark)
    context.note(key, .text(FileContext.absolute(path)), from: origin)
    return path
  }

  // MARK: several values

  /// A list of texts, none empty; a single text counts as a list of one where `allowsOne`.
  func texts(_ expected: String, allowsOne: Bool = false, display: Display = .effective) -> [String]? {
    if allowsOne { shape?.add(.text) }
    if allowsOne, case .scalar = node.content, !node.isNothing {
      guard let (text, written, origin) = scalar(expected) else { return nil }
      if display != .nothing { context.note(key, .list([display == .asWritten ? written : text]), from: origin) }
      return [text]
    }
    guard let items = items(expected) else { return nil }
    var texts: [String] = []
    var shown: [String] = []
    for item in items {
      item.shape?.add(.text)
      guard let (text, written, _) = item.scalar("a text") else { continue }
      texts.append(text)
      shown.append(display == .asWritten ? written : text)
    }
    guard texts.count == items.count else { return nil }
    if display != .nothing { context.note(key, .list(shown), from: origin) }
    return texts
  }

  /// A list of some of a few words, or one of them.
  func choices<Value>(_ choices: [(String, Value)]) -> [Value]? {
    let words = choices.map(\.0)
    return either(single: { choice(choices).map { [$0] } }) {
      guard let items = items("a list of " + words.joined(separator: ", ")) else { return nil }
      let values = items.compactMap { $0.choice(choices, isNoted: false) }
      guard values.count == items.count else { return nil }
      context.note(key, .list(items.compactMap { $0.scalar("a word")?.text }), from: origin)
      return values
    }
  }

  /// The items of a list, which must not be empty.
  func items(_ expected: String) -> [Field]? {
    if let shape {
      let item = Shape(about: "")
      shape.add(.list(item))
      return [Field(recording: item, context: context)]
    }
    guard case .list(let nodes) = node.content, !nodes.isEmpty else {
      problem("\(expected) is expected, this is \(isEmptyList ? "an empty list" : node.kind)")
      return nil
    }
    return nodes.enumerated().map { Field(node: $1, key: "\(key)[\($0)]", context: context) }
  }

  private var isEmptyList: Bool {
    if case .list(let nodes) = node.content { return nodes.isEmpty }
    return false
  }

  /// A group of keys.
  func section(_ expected: String = "a group of keys") -> Section? {
    if let shape {
      let group = Shape.Group()
      shape.add(.group(group))
      return Section(recording: group, context: context)
    }
    guard case .mapping(let pairs) = node.content else {
      problem("\(expected) is expected, this is \(node.kind)")
      return nil
    }
    return Section(pairs: pairs, mark: node.mark, key: key, context: context)
  }

  // MARK: several ways to write one value

  /// Reads a value that is a single one or something larger; for the schema, both.
  func either<Value>(single: () -> Value?, _ larger: () -> Value?) -> Value? {
    let isSingle = if case .scalar = node.content { !node.isNothing } else { false }
    if isRecording || isSingle, let value = single() { return value }
    return isRecording || !isSingle ? larger() : nil
  }

  /// Reads a value that is a group of keys or something smaller; for the schema, both.
  func either<Value>(group: () -> Value?, _ smaller: () -> Value?) -> Value? {
    if isRecording || isGroup, let value = group() { return value }
    return isRecording || !isGroup ? smaller() : nil
  }

  /// Whether the value is this one word.
  func isWord(_ word: String) -> Bool {
    if case .scalar(let text, _) = node.content { return text == word }
    return false
  }

  var isGroup: Bool {
    if case .mapping = node.content { return true }
    return false
  }

  /// Whether the value is a list that begins with a group of keys.
  var isListOfGroups: Bool {
    if case .list(let items) = node.content, case .mapping? = items.first?.content { return true }
    return false
  }

  // MARK: helpers

  /// The text after substitution, as it was written, and its origin.
  private func scalar(_ expected: String) -> (text: String, written: String, origin: String)? {
    if isRecording { return nil }
    guard case .scalar(let written, _) = node.content, !node.isNothing else {
      problem("\(expected) is expected, this is \(node.kind)")
      return nil
    }
    let substitution = Substitution(written, environment: context.environment)
    if let what = substitution.problem {
      problem(what)
      return nil
    }
    guard !substitution.text.isEmpty else {
      problem("\(expected) is expected, this is empty")
      return nil
    }
    guard !PasswordURL.isIn(substitution.text) else {
      problem(PasswordURL.refusal)
      return nil
    }
    let variables = substitution.variables.map { "${\($0)}" }.joined(separator: ", ")
    return (substitution.text, written, variables.isEmpty ? origin : "\(origin), from \(variables)")
  }

  /// A value as an error may show it: short, on one line. Values that may be secret are never excerpted.
  private static func excerpt(_ text: String) -> String {
    let head = text.prefix(40)
    return JSONText.text(String(head) + (head.count < text.count ? "…" : "")).encoded
  }
}
