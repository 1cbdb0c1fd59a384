import Bytes
import Engine
import Profiles

/// Shows what happens: for a person at a terminal, for a log, for a program.
protocol Renderer: Sendable {
  /// Nanoseconds between two readings of the progress.
  var progressInterval: UInt64 { get }

  /// Something happened in the run of `subject`.
  func show(_ event: Event, of subject: String)

  /// What a command found or did.
  func say(_ statement: Statement)

  /// The command failed.
  func fail(_ failure: Failure)
}

/// What a command found or did: lines for people, one JSON object for programs.
struct Statement: Sendable {
  /// What the JSON object is about: its field `type`.
  let type: String
  /// The object's other fields, in order.
  let fields: [(String, JSONText)]
  /// The same for people, each without a line end.
  let lines: [String]
  /// True for the line that tells of a success and that `--quiet` leaves out.
  let isSummary: Bool

  init(_ type: String, _ fields: [(String, JSONText)], _ lines: [String], isSummary: Bool = false) {
    self.type = type
    self.fields = fields
    self.lines = lines
    self.isSummary = isSummary
  }
}

/// Text that is safe to show: names and messages come from databases, tools and stores.
enum SafeText {
  /// Control characters, but line ends, as `\x1b`.
  static func of(_ text: String) -> String {
    guard text.unicodeScalars.contains(where: isControl) else { return text }
    return text.unicodeScalars.reduce(into: "") { result, scalar in
      guard isControl(scalar) else { return result.unicodeScalars.append(scalar) }
      let digits = String(scalar.value, radix: 16)
      result += "\\x" + (digits.count < 2 ? "0" : "") + digits
    }
  }

  /// The same on one line.
  static func line(_ text: String) -> String {
    of(String(text.map { $0.isNewline ? " " : $0 }))
  }

  private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
    (scalar.value < 0x20 && scalar != "\n") || (0x7f...0x9f).contains(scalar.value)
  }
}

/// The three parts of an error: what is wrong, where, what to do next.
enum ErrorText {
  static func of(_ failure: Failure) -> String {
    var lines = SafeText.of(failure.what).split(separator: "\n", omittingEmptySubsequences: false).map {
      "lifeboat: \($0)"
    }
    if !failure.place.isEmpty { lines.append("  where: \(SafeText.line(failure.place))") }
    if !failure.next.isEmpty { lines.append("  next: \(SafeText.line(failure.next))") }
    return lines.joined(separator: "\n") + "\n"
  }
}
