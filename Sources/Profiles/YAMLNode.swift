/// Where a node begins: line and column from 1, the column in Unicode scalars.
struct YAMLMark: Equatable, Hashable {
  /// The file, where it is another one than that which is being read: a file that it extends.
  var file: String?
  let line: Int
  let column: Int

  static let start = YAMLMark(line: 1, column: 1)

  func placed(in file: String) -> YAMLMark { YAMLMark(file: file, line: line, column: column) }
}

/// A value of a YAML file with its place. Scalars stay text: what they mean is decided by who asks for them,
/// so `no` is a fine name and `1e3` is no surprise.
struct YAMLNode {
  enum Content {
    /// The text, and whether it stood there without quotes.
    case scalar(String, isPlain: Bool)
    case list([YAMLNode])
    case mapping([YAMLPair])
    /// Every value at once: what the readers are shown when they are asked what they know.
    case anything
    /// Something that was complained about already.
    case refused
  }

  let mark: YAMLMark
  let content: Content

  /// The same node as one of `file`.
  func placed(in file: String) -> YAMLNode {
    let content: Content =
      switch content {
      case .list(let items): .list(items.map { $0.placed(in: file) })
      case .mapping(let pairs): .mapping(pairs.map { $0.placed(in: file) })
      case .scalar, .anything, .refused: content
      }
    return YAMLNode(mark: mark.placed(in: file), content: content)
  }

  /// A scalar that says in so many words that there is nothing: what takes an inherited value away.
  var isTakenAway: Bool {
    if case .scalar(let text, isPlain: true) = content { return text == "~" || text == "null" }
    return false
  }

  /// A scalar that says nothing: empty, `~` or `null`, without quotes.
  var isNothing: Bool {
    if case .scalar(let text, isPlain: true) = content { return ["", "~", "null"].contains(text) }
    return false
  }

  /// What the node is, in the words of an error.
  var kind: String {
    switch content {
    case .scalar: isNothing ? "nothing" : "a single value"
    case .list: "a list"
    case .mapping: "a group of keys"
    case .refused, .anything: "refused"
    }
  }
}

/// A key with its place, and its value.
struct YAMLPair {
  let key: String
  let mark: YAMLMark
  let value: YAMLNode

  func placed(in file: String) -> YAMLPair {
    YAMLPair(key: key, mark: mark.placed(in: file), value: value.placed(in: file))
  }
}
