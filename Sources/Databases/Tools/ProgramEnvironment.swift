package import Bytes
package import Pipeline
package import Profiles

/// The variables that a profile gives to a program, with their secrets fetched, and what keeps those out of messages.
package struct ProgramEnvironment: Sendable {
  /// The variables.
  package private(set) var variables: [String: String] = [:]
  private let redaction: Redaction

  /// Fetches every secret.
  ///
  /// - Parameters:
  ///   - settings: what the profile says
  ///   - key: where it stands in the profile, for messages
  /// - Throws: `keyInvalid` where a secret can't be had
  package init(_ settings: [EnvironmentSetting], at key: String, stop: StopSignal) throws(Failure) {
    var secrets: [[UInt8]] = []
    for setting in settings {
      switch setting.value {
      case .literal(let value):
        variables[setting.name] = value
        if ProgramEnvironment.mayBeSecret(setting.name) { secrets.append(Array(value.utf8)) }
      case .reference(let reference):
        let bytes: [UInt8]
        do {
          bytes = try SecretFetcher.fetch(reference, stop: stop)
        } catch {
          try stop.check()
          throw error.within("\(key).\(setting.name)")
        }
        guard let value = String(validating: bytes, as: UTF8.self) else {
          throw Failure(.keyInvalid, "the secret is not UTF-8 text", at: "\(key).\(setting.name)")
        }
        variables[setting.name] = value
        secrets.append(bytes)
      }
    }
    redaction = Redaction(secrets: secrets)
  }

  /// A message of the program without the secrets.
  package func clean(_ text: String) -> String { redaction.clean(text) }

  /// A value written in the profile is hidden if its name sounds like a secret; hiding host names would only obscure
  /// messages.
  private static func mayBeSecret(_ name: String) -> Bool {
    let name = name.uppercased()
    return ["PASS", "PWD", "SECRET", "TOKEN", "KEY", "CREDENTIAL"].contains { name.contains($0) }
  }
}
