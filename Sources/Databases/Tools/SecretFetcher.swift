package import Bytes
import Glibc
package import Pipeline
package import Profiles

/// Fetches secrets that profiles refer to, when they are used and no earlier.
package enum SecretFetcher {
  /// Longer than any passphrase or token; a longer first line is something else given by mistake.
  private static let limit = 65_536

  /// The first line of what the reference leads to, without its line end.
  ///
  /// - Throws: `keyInvalid` if nothing is there, or nothing but an empty line; the message holds no secret
  package static func fetch(_ reference: SecretReference, stop: StopSignal) throws(Failure) -> [UInt8] {
    let bytes: [UInt8]
    switch reference {
    case .file(let path): bytes = try contents(of: path, next: "Check the path and who may read the file.")
    case .command(let words):
      bytes = try output(of: words, stop)
    case .environment(let name):
      guard let value = getenv(name) else {
        throw Failure(.keyInvalid, "the environment has no variable \(name)", next: "Set it, or refer to a file.")
      }
      bytes = Array(UnsafeRawBufferPointer(start: value, count: strlen(value)))
    case .credential(let name):
      guard let folder = getenv("CREDENTIALS_DIRECTORY"), folder[0] != 0 else {
        throw Failure(
          .keyInvalid, "there is no credential \(name): systemd has passed none to this process",
          next: "Run it as a service with LoadCredential=\(name):PATH, or refer to a file.")
      }
      bytes = try contents(
        of: "\(String(cString: folder))/\(name)", next: "Give the service LoadCredential=\(name):PATH.")
    }
    let line = bytes.prefix { $0 != UInt8(ascii: "\n") && $0 != UInt8(ascii: "\r") }
    guard !line.isEmpty else { throw Failure(.keyInvalid, "the secret is empty", at: reference.text) }
    return Array(line)
  }

  private static func contents(of path: String, next: String) throws(Failure) -> [UInt8] {
    do {
      return try DurableFile.read(path, limit: limit)
    } catch {
      throw error.failure(.keyInvalid, "can't read the secret", next: next)
    }
  }

  private static func output(of words: [String], _ stop: StopSignal) throws(Failure) -> [UInt8] {
    guard let program = words.first else { throw Failure(.keyInvalid, "the command for the secret is empty") }
    let command = ChildCommand(program, Array(words.dropFirst()), failing: .keyInvalid)
    let result = try Child.run(command, limit: limit, stop: stop)
    guard result.exit.succeeded else {
      // What such a tool prints as errors may itself be secret: only its status is told.
      throw Failure(.keyInvalid, "the command for the secret failed: \(result.exit)", at: program)
    }
    return result.output
  }
}
