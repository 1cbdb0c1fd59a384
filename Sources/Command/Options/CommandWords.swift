/// The words after `--` of a backup: a program and its arguments.
///
/// The parser has no room for them beside any number of names: of two lists of plain words the second can't be told from
/// the first. So each is spelled as an option of its own before anything is parsed.
enum CommandWords {
  static let option = "command-word"
  /// Stands before each word: the parser takes no empty value.
  private static let mark = ":"
  /// The only command that runs a program given so.
  private static let command = "backup"

  /// The words as they were, from the values of the option.
  static func read(_ values: [String]) -> [String] { values.map { String($0.dropFirst(mark.count)) } }

  /// The arguments as the parser gets them.
  static func spelled(_ arguments: [String]) -> [String] {
    guard let end = arguments.firstIndex(of: "--"), arguments[..<end].contains(command) else { return arguments }
    return arguments[..<end] + arguments[(end + 1)...].map { "--\(option)=\(mark)\($0)" }
  }
}
