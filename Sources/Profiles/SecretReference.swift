/// Where a secret comes from. Files hold references only; the secret itself is fetched when it is used.
package enum SecretReference: Sendable, Equatable {
  /// The first line of a file.
  case file(String)
  /// The first line that a program prints; program and arguments, no shell.
  case command([String])
  /// A variable of the environment.
  case environment(String)
  /// The first line of a credential that systemd passes to the service: the file of this name in
  /// `$CREDENTIALS_DIRECTORY`.
  case credential(String)

  /// The reference for people: `file /etc/lifeboat/passphrase`. Holds no secret.
  package var text: String {
    switch self {
    case .file(let path): "file \(path)"
    case .command(let words): "command \(words.first ?? "")"
    case .environment(let name): "environment variable \(name)"
    case .credential(let name): "credential \(name)"
    }
  }
}

extension Section {
  /// Reads `file`, `command` or `credential` (or `environment`, where allowed): exactly one of them.
  func secretReference(allowsEnvironment: Bool = false) -> SecretReference? {
    var readers: [(name: String, about: String, read: (Field) -> SecretReference?)] = [
      ("file", "the file whose first line is the secret", { $0.path().map { .file($0) } }),
      ("command", "a program and its arguments; the first line that it prints is the secret", SecretReference.words),
    ]
    if allowsEnvironment {
      readers.append(("environment", "a variable that holds the secret", SecretReference.variable))
    }
    readers.append(("credential", "a credential that systemd passes to the service", SecretReference.named))
    let reference = exactlyOne(
      readers, "exactly one of file, command\(allowsEnvironment ? ", environment" : "") or credential is expected")
    end()
    return reference
  }
}

extension SecretReference {
  fileprivate static func words(_ field: Field) -> SecretReference? {
    field.texts("a program and its arguments", display: .asWritten).map { .command($0) }
  }

  fileprivate static func variable(_ field: Field) -> SecretReference? {
    field.value("the name of a variable", shown: { $0 }) { Words.isVariable($0) ? $0 : nil }.map { .environment($0) }
  }

  fileprivate static func named(_ field: Field) -> SecretReference? {
    field.value("a name of letters, digits, '.', '_' and '-'", shown: { $0 }) { Words.isStreamName($0) ? $0 : nil }
      .map { .credential($0) }
  }

  /// What is expected where a reference stands, for an error.
  static let expected = "{file: …}, {command: […]} or {credential: …}"
  /// The same where a variable may be named, too.
  static let expectedAny = "{file: …}, {command: […]}, {environment: …} or {credential: …}"
}
