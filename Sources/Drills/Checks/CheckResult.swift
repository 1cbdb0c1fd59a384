package import Format
import Profiles

/// What came of one check.
package struct CheckResult: Sendable {
  /// What the record says. It is sealed to keepers, too, who may not read dumps: nothing of the restored data
  /// stands in it, no answer of a query and no output of a program.
  package let recorded: Record.Check
  /// The particulars, for the person who runs the drill and can read the data anyway; may be empty.
  package let particulars: [String]

  init(
    _ name: String, _ outcome: Record.Check.Outcome, _ detail: String, looksAtData: Bool, particulars: [String] = []
  ) {
    recorded = Record.Check(name: name, outcome: outcome, detail: detail, looksAtData: looksAtData)
    self.particulars = particulars
  }

  init(_ check: Check, _ finding: Finding) {
    self.init(
      check.name, finding.outcome, finding.detail, looksAtData: check.looksAtData, particulars: finding.particulars)
  }
}
