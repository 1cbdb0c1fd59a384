package import Bytes

extension Age {
  /// Why an age file does not open. Closed, so that callers and test vectors can tell every outcome apart.
  package enum Problem: Error, Sendable, Equatable {
    /// The text around the file is not strict armor.
    case armorMalformed(String)
    /// The header is not what the format demands.
    case headerMalformed(String)
    /// The file is of another version of the format.
    case unsupportedVersion(String)
    /// No key at hand opens it, and it is sealed to a kind of recipient that is refused by name.
    case unsupportedRecipient(String)
    /// The work factor of the passphrase would take more memory and time than anyone should be made to spend.
    case workFactorTooHigh
    /// The file is sealed to others.
    case noMatch
    /// The file is sealed with a passphrase, and no passphrase was given.
    case passphraseMissing
    /// The file is sealed with a passphrase, and it is another one.
    case passphraseWrong
    /// The file key was found, and the header was changed after sealing.
    case headerForged
    /// The header is good, and the payload is changed, cut or lengthened.
    case payloadDamaged
    /// There is no memory for the work factor of the passphrase.
    case outOfMemory(workFactor: Int)
  }
}

extension Age.Problem {
  /// The same problem as an entry of the catalogue.
  package var failure: Failure {
    switch self {
    case .armorMalformed(let reason): Failure(.damaged, "armored age file is malformed: \(reason)")
    case .headerMalformed(let reason): Failure(.damaged, "header of the age file is malformed: \(reason)")
    case .headerForged: Failure(.damaged, "header of the age file was changed after it was sealed")
    case .payloadDamaged: Failure(.damaged, "payload of the age file is damaged or incomplete")
    case .unsupportedVersion(let version):
      Failure(.unsupportedFormat, "age file is of version \(version), and only v1 is supported")
    case .unsupportedRecipient(let kind):
      Failure(
        .unsupportedFormat, "age file is sealed to a recipient of type \(kind), which is not supported",
        next: "Seal it to an X25519 recipient (age1…).")
    case .workFactorTooHigh:
      Failure(
        .unsupportedFormat, "work factor of the passphrase is above \(Age.workFactorLimit)",
        next: "Open the file with the age command and seal it again with a lower one.")
    case .noMatch:
      Failure(
        .keyWrongRole, "age file is sealed to others than the keys at hand",
        next: "Use the key file of a role that may open it.")
    case .passphraseMissing:
      Failure(
        .keyWrongPassphrase, "age file is sealed with a passphrase, and none was given", next: "Give the passphrase.")
    case .passphraseWrong:
      Failure(
        .keyWrongPassphrase, "the passphrase is not the one the age file is sealed with",
        next: "Try the right passphrase.")
    case .outOfMemory(let workFactor):
      Failure(
        .stateFailed, "not enough memory for a passphrase of work factor \(workFactor)",
        next: "Unlock it on a host with \(max(1, (1 << workFactor) / 1024)) MiB of free memory.")
    }
  }
}
