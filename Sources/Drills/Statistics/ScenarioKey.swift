package import Format
package import Profiles

/// Which scenarios are the same for statistics: those with the same kinds of faults, in any order and of any strength.
///
/// A real recovery was under no scenario of ours, so its key is that of a calm drill.
package struct ScenarioKey: Hashable, Comparable, Sendable {
  /// The words of the faults, sorted, each once; empty for a calm recovery.
  package let kinds: [String]

  /// A recovery to which nothing was done.
  package static let calm = ScenarioKey([])

  /// - Parameter kinds: the words of the faults, in any order
  package init(_ kinds: [String]) { self.kinds = Set(kinds).sorted() }

  /// What a drill declares; nil is calm.
  package init(_ scenario: Scenario?) { self.init(scenario?.faults.map(\.kind) ?? []) }

  /// What a record says was done. Records of earlier versions are calm: there were no scenarios.
  package init(_ record: Record) { self.init(record.particulars?.scenario?.faults.map(\.kind) ?? []) }

  /// Reads `calm`, `throttling` or `resets+throttling`; nil where a part is no kind of fault.
  package init?(text: String) {
    guard text != ScenarioKey.calm.text else {
      self = .calm
      return
    }
    let kinds = text.split(separator: "+", omittingEmptySubsequences: false).map(String.init)
    guard kinds.allSatisfy({ FaultKind(word: $0) != nil }) else { return nil }
    self.init(kinds)
  }

  /// `calm`, or the words with `+` between.
  package var text: String { kinds.isEmpty ? "calm" : kinds.joined(separator: "+") }

  /// Calm first, then by the words.
  package static func < (left: ScenarioKey, right: ScenarioKey) -> Bool {
    left.kinds.lexicographicallyPrecedes(right.kinds)
  }
}
