/// Replaces `${NAME}` and `${NAME:-default}` in a scalar by the value of an environment variable.
///
/// `$${` stands for a literal `${`; every other dollar sign is left alone, so shell text passes unharmed.
struct Substitution {
  /// The text after replacing.
  private(set) var text = ""
  /// The variables that were named, in order; those that fell back to their default as well.
  private(set) var variables: [String] = []
  /// What can't be replaced; nil if all is well.
  private(set) var problem: String?

  init(_ source: String, environment: (String) -> String?) {
    var rest = source[...]
    while let dollar = rest.firstIndex(of: "$") {
      text += rest[..<dollar]
      rest = rest[dollar...]
      if rest.hasPrefix("$${") {
        text += "${"
        rest = rest.dropFirst(3)
      } else if rest.hasPrefix("${") {
        guard let end = rest.firstIndex(of: "}") else {
          problem = "${ without its closing }; write $${ for a literal ${"
          return
        }
        replace(rest[rest.index(dollar, offsetBy: 2)..<end], environment)
        rest = rest[rest.index(after: end)...]
      } else {
        text += "$"
        rest = rest.dropFirst()
      }
    }
    text += rest
  }

  private mutating func replace(_ inside: Substring, _ environment: (String) -> String?) {
    let name = String(inside.prefix { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") })
    let tail = inside.dropFirst(name.count)
    guard !name.isEmpty, name.first?.isNumber == false, tail.isEmpty || tail.hasPrefix(":-") else {
      problem = problem ?? "${\(inside)} is neither ${NAME} nor ${NAME:-default}"
      return
    }
    variables.append(name)
    let value = environment(name)
    if tail.isEmpty {
      if let value { text += value } else { problem = problem ?? "the environment has no variable \(name)" }
    } else if let value, !value.isEmpty {
      text += value
    } else {
      text += tail.dropFirst(2)
    }
  }
}
