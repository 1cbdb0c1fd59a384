import Bytes
import Cryptography
import Databases
import Drills
import Pipeline
import Profiles

/// Where the passphrase of a protected key file comes from: a file, a command, or the person at the terminal.
struct PassphraseReader: Sendable {
  /// Nil asks at the terminal.
  let reference: SecretReference?
  let stop: StopSignal
  /// Of a recovery: a person who types is waited for, and that is measured as it is.
  var clock: RecoveryClock?
  /// How often a person may mistype.
  private static let attempts = 3

  /// Opens a key file that is sealed with a passphrase.
  func open(_ sealed: [UInt8], at path: String) throws(Failure) -> Secret {
    if let reference {
      do throws(Failure) {
        return try Age.openSecret(sealed, with: [.passphrase(try PassphraseReader.fetch(reference, stop))])
      } catch {
        try stop.check()
        guard error.code == .keyWrongPassphrase else { throw error.within("key file \(path)") }
        throw Failure(
          .keyWrongPassphrase, "the passphrase does not open the key file", at: "key file \(path)",
          next: "Check the passphrase of \(reference.text).")
      }
    }
    guard let terminal = Terminal(stop: stop) else {
      throw Failure(
        .keyWrongPassphrase, "the key file is protected by a passphrase, and there is no terminal to ask at",
        at: "key file \(path)", next: "Give --passphrase-file or --passphrase-command.")
    }
    for attempt in 1... {
      let passphrase = try ask(terminal, "Passphrase for \(SafeText.line(path)): ")
      do throws(Failure) {
        return try Age.openSecret(sealed, with: [.passphrase(passphrase)])
      } catch {
        let isLast = attempt == PassphraseReader.attempts
        guard error.code == .keyWrongPassphrase, !isLast else { throw error.within("key file \(path)") }
      }
    }
    throw Failure(.defect, "a passphrase was asked for without end")
  }

  private func ask(_ terminal: borrowing Terminal, _ prompt: String) throws(Failure) -> Secret {
    guard let clock else { return try terminal.secret(prompt) }
    return try clock.measure(.passphrase) { () throws(Failure) in try terminal.secret(prompt) }
  }

  /// Fetches a passphrase without leaving a copy of it.
  static func fetch(_ reference: SecretReference, _ stop: StopSignal) throws(Failure) -> Secret {
    var bytes = try SecretFetcher.fetch(reference, stop: stop)
    defer { Sodium.wipe(&bytes) }
    return Secret(copying: bytes)
  }
}

/// Where the passphrase comes from that new key files are protected with.
struct NewPassphrase {
  let reference: SecretReference?
  let stop: StopSignal

  /// Fetches it, or asks twice.
  func fetch() throws(Failure) -> Secret {
    if let reference { return try PassphraseReader.fetch(reference, stop) }
    guard let terminal = Terminal(stop: stop) else {
      throw Failure(
        .usage, "there is no terminal to ask for the new passphrase",
        next: "Give --new-passphrase-file or --new-passphrase-command.")
    }
    let passphrase = try terminal.secret("New passphrase for the key files: ")
    guard passphrase.count > 0 else {
      throw Failure(.usage, "an empty passphrase protects nothing", next: "Leave --protect out, or choose one.")
    }
    guard try terminal.secret("The same again: ").matches(passphrase) else {
      throw Failure(.usage, "the two passphrases differ", next: "Run the command again.")
    }
    return passphrase
  }
}
