package import Bytes
import Glibc

/// The two files that the AWS tools share, `~/.aws/config` and `~/.aws/credentials`, or wherever the environment says
/// that they are.
package struct SharedFiles: Sendable {
  /// Longer than any; a longer file is something else given by mistake.
  private static let limit = 1 << 20

  /// Where they lie, whether they are there or not.
  package let configPath: String
  package let credentialsPath: String
  private let config: SharedFileText
  private let credentials: SharedFileText

  /// Reads both; one that isn't there is empty.
  ///
  /// - Throws: `usage` for a line that means nothing, or a file that we may not read
  package init(variables: [String: String], home: String) throws(Failure) {
    func path(_ variable: String, _ name: String) -> String {
      guard let told = variables[variable], !told.isEmpty else { return "\(home)/.aws/\(name)" }
      return told.hasPrefix("~/") ? "\(home)/\(told.dropFirst(2))" : told
    }
    configPath = path("AWS_CONFIG_FILE", "config")
    credentialsPath = path("AWS_SHARED_CREDENTIALS_FILE", "credentials")
    config = try SharedFiles.read(configPath)
    credentials = try SharedFiles.read(credentialsPath)
  }

  /// What both files say of a profile; nil if neither has it. For a key in both the credentials file's counts.
  package func profile(_ name: String) -> SharedProfile? {
    let general = config.sections["profile \(name)"] ?? (name == "default" ? config.sections["default"] : nil)
    let secret = credentials.sections[name]
    guard general != nil || secret != nil else { return nil }
    var values = general?.values ?? [:]
    // The parts of a key belong together: a token of one file is of no use with a key of the other.
    if secret?.values["aws_access_key_id"] != nil {
      for key in ["aws_access_key_id", "aws_secret_access_key", "aws_session_token"] { values[key] = nil }
    }
    values.merge(secret?.values ?? [:]) { _, new in new }
    let place = "profile \(name) in \(secret != nil ? credentialsPath : configPath)"
    return SharedProfile(name: name, place: place, values: values, groups: general?.groups ?? [:])
  }

  /// The address that a `services` section of this name gives for a service; nil if it gives none.
  package func endpoint(of service: String, services name: String) -> String? {
    config.sections["services \(name)"]?.groups[service]?["endpoint_url"]
  }

  private static func read(_ path: String) throws(Failure) -> SharedFileText {
    var bytes: [UInt8] = []
    do throws(SystemError) {
      bytes = try DurableFile.read(path, limit: limit)
    } catch {
      guard error.number == ENOENT || error.number == ENOTDIR else {
        throw error.failure(.usage, "cannot read a shared file of the AWS tools", next: "Check who may read it.")
      }
    }
    return try SharedFileText(String(decoding: bytes, as: UTF8.self), path: path)
  }
}

/// A profile of the shared files.
package struct SharedProfile: Sendable {
  package let name: String
  /// For messages: `profile backup in /root/.aws/credentials`.
  package let place: String
  private let values: [String: String]
  private let groups: [String: [String: String]]

  init(name: String, place: String, values: [String: String], groups: [String: [String: String]]) {
    self.name = name
    self.place = place
    self.values = values
    self.groups = groups
  }

  /// The value of a key; nil if it is not there or empty.
  package subscript(_ key: String) -> String? { values[key].flatMap { $0.isEmpty ? nil : $0 } }

  /// The value of a key in a group, such as `addressing_style` below `s3`.
  package subscript(_ group: String, _ key: String) -> String? {
    groups[group]?[key].flatMap { $0.isEmpty ? nil : $0 }
  }
}
