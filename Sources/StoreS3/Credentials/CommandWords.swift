import Bytes

/// A command line taken apart as a POSIX shell does, and no further: quotes and backslashes, but no variables, globs,
/// operators or substitutions.
enum CommandWords {
  /// Nil where a quote is not closed, or a backslash stands at the end.
  static func split(_ line: String) -> [String]? {
    var words: [String] = []
    var word: String?
    var quote: Character?
    var rest = line[...]
    while let character = rest.popFirst() {
      switch (quote, character) {
      case ("'", "'"), ("\"", "\""): quote = nil
      case ("'", _): word?.append(character)
      case (_, "\\"):
        guard let next = rest.popFirst() else { return nil }
        // Between double quotes a backslash only escapes what would mean something there.
        if quote != nil, !"\\\"$`".contains(next) { word = (word ?? "") + "\\" }
        word = (word ?? "") + String(next)
      case ("\"", _): word?.append(character)
      case (_, "'"), (_, "\""):
        quote = character
        word = word ?? ""
      case (_, _) where character.isWhitespace:
        if let done = word { words.append(done) }
        word = nil
      default: word = (word ?? "") + String(character)
      }
    }
    guard quote == nil else { return nil }
    if let word { words.append(word) }
    return words
  }
}
