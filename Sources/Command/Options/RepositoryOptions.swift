import ArgumentParser
import Bytes
import Format
import Glibc
import Profiles
import Store

/// Which repository, with which key.
struct RepositoryOptions: ParsableArguments {
  @Option(
    help: "The repository's location. Default: LIFEBOAT_REPOSITORY, or the component's profile.",
    completion: .directory)
  var repository: String?

  @Option(help: "The key file. Default: LIFEBOAT_KEY, or the component's profile.", completion: .file())
  var key: String?

  @OptionGroup var passphrase: PassphraseOptions

  /// Works out what is meant: options first, then the environment, then what a profile says.
  ///
  /// - Parameters:
  ///   - context: for the environment
  ///   - roles: which of a profile's keys to take, the best first
  ///   - hints: what a profile or drill says; only asked where it is needed
  func address(
    in context: RunContext, for roles: [Role], hints: () throws(Failure) -> AddressHints?
  ) throws(Failure) -> RepositoryAddress {
    var location = repository ?? context.environment["LIFEBOAT_REPOSITORY"].flatMap { $0.isEmpty ? nil : $0 }
    var keyPath = key ?? context.environment["LIFEBOAT_KEY"].flatMap { $0.isEmpty ? nil : $0 }
    var reference = passphrase.reference(in: context)
    if location == nil || keyPath == nil || reference == nil {
      let isNeeded = location == nil || keyPath == nil
      let said: AddressHints?
      do throws(Failure) {
        said = try hints()
      } catch {
        if isNeeded { throw error }
        said = nil
      }
      location = location ?? said?.repository
      keyPath = keyPath ?? said?.key(for: roles)
      reference = reference ?? said?.passphrase
    }
    guard let location else {
      throw Failure(
        .usage, "no repository is named", at: "command line",
        next: "Give --repository, set LIFEBOAT_REPOSITORY, or name a component that has a profile.")
    }
    guard let keyPath else {
      throw Failure(
        .usage, "no key file is named", at: "command line",
        next: "Give --key with a \(roles.map(\.rawValue).joined(separator: " or ")) key, or set LIFEBOAT_KEY.")
    }
    return RepositoryAddress(
      location: try StoreLocation(location), keyPath: keyPath, passphrase: reference)
  }
}

/// How to unlock a protected key file.
struct PassphraseOptions: ParsableArguments {
  @Option(
    help: "A file whose first line is the passphrase of the key file. Default: LIFEBOAT_PASSPHRASE_FILE.",
    completion: .file())
  var passphraseFile: String?

  @Option(help: "A shell command that prints the passphrase of the key file. Default: LIFEBOAT_PASSPHRASE_COMMAND.")
  var passphraseCommand: String?

  func reference(in context: RunContext) -> SecretReference? {
    let variables = context.environment
    if let file = passphraseFile { return .file(file) }
    if let command = passphraseCommand { return PassphraseOptions.shell(command) }
    if let file = variables["LIFEBOAT_PASSPHRASE_FILE"], !file.isEmpty { return .file(file) }
    if let command = variables["LIFEBOAT_PASSPHRASE_COMMAND"], !command.isEmpty {
      return PassphraseOptions.shell(command)
    }
    return nil
  }

  static func shell(_ command: String) -> SecretReference { .command(["/bin/sh", "-c", command]) }
}

/// How new key files are protected.
struct NewPassphraseOptions: ParsableArguments {
  @Flag(help: "Protect new key files with a passphrase, which is asked for.")
  var protect = false

  @Option(help: "A file whose first line is the new passphrase; implies --protect.", completion: .file())
  var newPassphraseFile: String?

  @Option(help: "A shell command that prints the new passphrase; implies --protect.")
  var newPassphraseCommand: String?

  var isWanted: Bool { protect || newPassphraseFile != nil || newPassphraseCommand != nil }

  /// Where the new passphrase comes from, whether it is wanted or not.
  func source(in context: RunContext) -> NewPassphrase {
    let reference =
      newPassphraseFile.map { SecretReference.file($0) } ?? newPassphraseCommand.map(PassphraseOptions.shell)
    return NewPassphrase(reference: reference, stop: context.stop)
  }
}
