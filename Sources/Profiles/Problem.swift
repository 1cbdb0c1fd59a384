import Bytes

/// One thing that is wrong in a file that a person wrote, with its place.
struct Problem: Equatable {
  /// The file; nil for the one that is read, a path for one that it extends.
  let file: String?
  /// Line from 1.
  let line: Int
  /// Column from 1, in Unicode scalars.
  let column: Int
  /// The key, dotted from the top of the file: `source.path`. Empty where the file as a whole is meant.
  let key: String
  /// What is wrong, and what would be right.
  let what: String

  func text(file main: String) -> String {
    let place = "\(file ?? main):\(line):\(column): "
    let line = key.isEmpty ? place + what : place + key + ": " + what
    return String(line.map { $0.isNewline ? " " : $0 })
  }
}

/// Everything that is wrong in one file and those that it extends. All of it is told at once: a person corrects a file in one go.
final class Problems {
  let file: String
  private var list: [Problem] = []

  init(file: String) { self.file = file }

  var isEmpty: Bool { list.isEmpty }

  func add(_ mark: YAMLMark, _ key: String, _ what: String) {
    add(Problem(file: mark.file, line: mark.line, column: mark.column, key: key, what: what))
  }

  /// Takes over what was found in a file that this one extends.
  func absorb(_ others: Problems) {
    for problem in others.list {
      let file = problem.file ?? others.file
      add(Problem(file: file, line: problem.line, column: problem.column, key: problem.key, what: problem.what))
    }
  }

  private func add(_ problem: Problem) {
    if !list.contains(problem) { list.append(problem) }
  }

  /// Throws if there is any problem: one line each, in the order of the file, then of those that it extends.
  func settle() throws(Failure) {
    if list.isEmpty { return }
    var files: [String?] = [nil]
    for problem in list where !files.contains(problem.file) { files.append(problem.file) }
    let ordered = files.flatMap { file in
      list.enumerated().filter { $0.element.file == file }.sorted { left, right in
        (left.element.line, left.element.column, left.offset) < (right.element.line, right.element.column, right.offset)
      }
    }
    let lines = ordered.map { $0.element.text(file: file) }
    throw Failure(
      .profileInvalid, lines.joined(separator: "\n"), next: "Correct the file; every problem found in it is listed.")
  }
}
