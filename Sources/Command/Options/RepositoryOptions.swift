import ArgumentParser
import Bytes
import Engine
import Format
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

  @Option(
    help: "The component or the path of the profile that says where the repository, its store and the keys are.",
    completion: .file())
  var profile: String?

  @OptionGroup var passphrase: PassphraseOptions

  /// Works out what is meant: options first, then the environment, then what a profile says.
  ///
  /// - Parameters:
  ///   - context: for the environment
  ///   - roles: which of a profile's keys to take, the best first
  ///   - hints: what a profile or drill says; a problem with it counts only where something of it is needed
  func address(
    in context: RunContext, for roles: [Role], hints: () throws(Failure) -> AddressHints?
  ) throws(Failure) -> RepositoryAddress {
    let location = try (repository ?? context.value("LIFEBOAT_REPOSITORY")).map { (text) throws(Failure) in
      try StoreLocation(text)
    }
    let keyPath = key ?? context.value("LIFEBOAT_KEY")
    // The way to a bucket may be in the profile alone, so that one without it could lead to another store.
    let isNeeded = keyPath == nil || location?.isLocal != true
    let said = try said(isNeeded: isNeeded, hints)
    let (store, copies) = try RepositoryOptions.stores(location, said)
    guard let keyPath = keyPath ?? said?.key(for: roles) else { throw RepositoryOptions.noKey(roles) }
    return RepositoryAddress(
      store: store, copies: copies, keyPath: keyPath,
      passphrase: passphrase.reference(in: context) ?? said?.passphrase)
  }

  /// What the profile says that `--profile` names, or else what the command's own says.
  private func said(
    isNeeded: Bool, _ hints: () throws(Failure) -> AddressHints?
  ) throws(Failure) -> AddressHints? {
    if let profile { return AddressHints(try Profile.load(try Lookup.profile(profile))) }
    do throws(Failure) {
      return try hints()
    } catch {
      if isNeeded { throw error }
      return nil
    }
  }

  /// The store, and its copies. What a profile says of the way to its store and of copies counts for that store alone.
  static func stores(
    _ location: StoreLocation?, _ said: AddressHints?
  ) throws(Failure) -> (store: StoreAddress, copies: [StoreAddress]) {
    guard let said else {
      guard let location else { throw RepositoryOptions.noRepository }
      return (StoreAddress(location), [])
    }
    let (own, copies) = try known(said)
    guard let location = location ?? own?.location else { throw RepositoryOptions.noRepository }
    if let own, location.isSame(as: own.location) { return (own, copies) }
    // The way to a copy is known, too: it takes the store's place when that is gone.
    guard let copy = copies.first(where: { $0.location.isSame(as: location) }) else {
      return (StoreAddress(location), [])
    }
    return (copy, copies.filter { !$0.location.isSame(as: location) })
  }

  /// The store that a profile names, and its copies.
  static func known(_ said: AddressHints) throws(Failure) -> (own: StoreAddress?, copies: [StoreAddress]) {
    let own = said.repository.isEmpty ? nil : StoreAddress(try StoreLocation(said.repository), said.store)
    var copies: [StoreAddress] = []
    for copy in said.copies { copies.append(try StoreAddress(copy)) }
    return (own, copies)
  }

  private static let noRepository = Failure(
    .usage, "no repository is named", at: "command line",
    next: "Give --repository, set LIFEBOAT_REPOSITORY, or name a component that has a profile.")

  private static func noKey(_ roles: [Role]) -> Failure {
    Failure(
      .usage, "no key file is named", at: "command line",
      next: "Give --key with a \(roles.map(\.rawValue).joined(separator: " or ")) key, or set LIFEBOAT_KEY.")
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
