import Bytes
import Format

/// Checks what stands for components on a command line, before anything is made.
enum ComponentNames {
  /// Throws `usage` for a word that is no component name, and not `*` where that stands for all.
  static func check(_ words: [String], allowsEvery: Bool) throws(Failure) {
    for word in words where !Limits.isComponentName(word) && !(allowsEvery && word == Enrolment.everyComponent) {
      throw Failure(
        .usage, "\(word) is no component name", at: "command line",
        next: "Use 1 to 64 of the characters a-z, 0-9 and -.")
    }
  }
}
