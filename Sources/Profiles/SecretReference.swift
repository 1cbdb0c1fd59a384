/// Where a secret comes from. Files hold references only; the secret itself is fetched when it is used.
package enum SecretReference: Sendable, Equatable {
  /// The first line of a file.
  case file(String)
  /// The first line that a program prints; program and arguments, no shell.
  case command([String])
  /// A variable of the environment.
  case environment(String)

  /// The reference for people: `file /etc/lifeboat/passphrase`. Holds no secret.
  package var text: String {
    switch self {
    case .file(let path): "file \(path)"
    case .command(let words): "command \(words.first ?? "")"
    case .environment(let name): "environment variable \(name)"
    }
  }
}

extension Section {
  /// Reads `file` or `command` (or `environment`, where allowed): exactly one of them.
  func secretReference(allowsEnvironment: Bool = false) -> SecretReference? {
    let file = field("file")
    let command = field("command")
    let environment = allowsEnvironment ? field("environment") : nil
    end()
    let expected = allowsEnvironment ? "file, command or environment" : "file or command"
    guard [file, command, environment].compactMap({ $0 }).count == 1 else {
      problem("exactly one of \(expected) is expected")
      return nil
    }
    if let file { return file.path().map { .file($0) } }
    if let command { return command.texts("a program and its arguments", display: .asWritten).map { .command($0) } }
    return environment?.text("the name of a variable").map { .environment($0) }
  }
}
