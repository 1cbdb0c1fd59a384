import Bytes

/// One thing that is wrong in a file that a person wrote, with its place.
struct Problem: Equatable {
  /// Line from 1.
  let line: Int
  /// Column from 1, in Unicode scalars.
  let column: Int
  /// The key, dotted from the top of the file: `source.path`. Empty where the file as a whole is meant.
  let key: String
  /// What is wrong, and what would be right.
  let what: String

  func text(file: String) -> String {
    let place = "\(file):\(line):\(column): "
    let line = key.isEmpty ? place + what : place + key + ": " + what
    return String(line.map { $0.isNewline ? " " : $0 })
  }
}

/// Everything that is wrong in one file. All of it is told at once: a person corrects a file in one go.
final class Problems {
  let file: String
  private var list: [Problem] = []

  init(file: String) { self.file = file }

  var isEmpty: Bool { list.isEmpty }

  func add(_ mark: YAMLMark, _ key: String, _ what: String) {
    let problem = Problem(line: mark.line, column: mark.column, key: key, what: what)
    if !list.contains(problem) { list.append(problem) }
  }

  /// Throws if there is any problem: one line each, in the order of the file.
  func settle() throws(Failure) {
    if list.isEmpty { return }
    let ordered = list.enumerated().sorted { left, right in
      (left.element.line, left.element.column, left.offset) < (right.element.line, right.element.column, right.offset)
    }
    let lines = ordered.map { $0.element.text(file: file) }
    throw Failure(
      .profileInvalid, lines.joined(separator: "\n"), next: "Correct the file; every problem found in it is listed.")
  }
}
