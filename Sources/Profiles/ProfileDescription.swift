/// The effective profile: every value that counts, in a fixed order, with where it came from. It travels inside each
/// snapshot, so that the meaning of a snapshot does not depend on a file that has changed since. Secrets are in it
/// as references only; environment values given in the file are shown as `(set)`.
package struct ProfileDescription: Sendable, Equatable {
  /// One value.
  package struct Entry: Sendable, Equatable {
    /// The key, dotted from the top: `source.path`.
    package let key: String
    /// What counts.
    package let value: Value
    /// `profiles/orders.yaml:4:9`, with `, from ${NAME}` where the environment took part; or `default`.
    package let origin: String

    package init(key: String, value: Value, origin: String) {
      self.key = key
      self.value = value
      self.origin = origin
    }
  }

  /// What an entry holds.
  package enum Value: Sendable, Equatable {
    case text(String)
    case number(Int64)
    case list([String])

    /// The value on one line.
    package var text: String {
      switch self {
      case .text(let text): text
      case .number(let number): "\(number)"
      case .list(let items): "[" + items.map { JSONText.text($0).encoded }.joined(separator: ", ") + "]"
      }
    }
  }

  /// The values in order.
  package let entries: [Entry]

  /// A description of `entries`, in that order.
  package init(entries: [Entry] = []) { self.entries = entries }

  /// The value of one key as text; nil if it isn't there.
  package subscript(key: String) -> String? { entries.first { $0.key == key }?.value.text }

  /// The values as one JSON object with dotted keys; origins are left out.
  package var json: String { tree.encoded }

  /// The same as a tree, to stand inside another one.
  package var tree: JSONText {
    .object(
      entries.map { entry in
        switch entry.value {
        case .text(let text): (entry.key, .text(text))
        case .number(let number): (entry.key, .integer(number))
        case .list(let items): (entry.key, .list(items.map { .text($0) }))
        }
      })
  }
}
