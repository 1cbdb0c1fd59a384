package import Bytes

/// One thing that is wrong with a ledger.
package struct LedgerProblem: Sendable, Equatable {
  package enum Kind: String, Sendable {
    /// Bytes do not match their name, their seal or their signature, or what they say contradicts itself.
    case damaged
    /// Others follow it, or somebody noted its id, and it is not there.
    case missing
    /// Whoever signed it is no restorer.
    case signer
    /// Its number does not follow those of its parents.
    case number
    /// What it says of the bodies of its parents is not what they are.
    case link
    /// An export has it in another place than its number gives it.
    case order
    /// The same signed bytes stand in two places.
    case duplicate
    /// Its times can't be.
    case time
    /// An export is not what it says of itself.
    case export
  }

  package enum Severity: String, Sendable {
    /// The chain is broken.
    case damage
    /// The chain holds, but somebody must look at it.
    case warning
  }

  package let kind: Kind
  package let severity: Severity
  /// The record that it is about; nil where it is about the whole.
  package let record: Name?
  /// In lower case, without a full stop.
  package let what: String
  /// What to do next, as a sentence.
  package let next: String

  init(_ kind: Kind, _ severity: Severity = .damage, of record: Name?, _ what: String, next: String = "") {
    self.kind = kind
    self.severity = severity
    self.record = record
    self.what = what
    self.next = next
  }

  /// As a failure whose place is the record.
  package var failure: Failure {
    Failure(.damaged, what, at: record.map { "record \($0.hex)" } ?? "", next: next)
  }
}

extension Name {
  /// As much of it as people compare.
  var short: String { String(hex.prefix(12)) }
}
