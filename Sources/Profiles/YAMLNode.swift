/// Where a node begins: line and column from 1, the column in Unicode scalars.
struct YAMLMark: Equatable, Hashable {
  let line: Int
  let column: Int

  static let start = YAMLMark(line: 1, column: 1)
}

/// A value of a YAML file with its place. Scalars stay text: what they mean is decided by who asks for them,
/// so `no` is a fine name and `1e3` is no surprise.
struct YAMLNode {
  enum Content {
    /// The text, and whether it stood there without quotes.
    case scalar(String, isPlain: Bool)
    case list([YAMLNode])
    case mapping([YAMLPair])
    /// Something that was complained about already.
    case refused
  }

  let mark: YAMLMark
  let content: Content

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
    case .refused: "refused"
    }
  }
}

/// A key with its place, and its value.
struct YAMLPair {
  let key: String
  let mark: YAMLMark
  let value: YAMLNode
}
