package import Bytes
package import Engine
package import Repository

/// How a drill wants its repository opened: whoever runs the drill knows the addresses and keys, the drill knows what
/// is to go wrong.
package struct DrillOpening: Sendable {
  /// Which store is opened: the primary, or one of its copies in the store's place.
  package let part: StoreInjection.Part
  /// The faults of the scenario; nil where nothing is to go wrong.
  package let injection: StoreInjection?
  private let scenario: ScenarioRun?

  init(_ part: StoreInjection.Part, _ scenario: ScenarioRun?) {
    self.part = part
    self.scenario = scenario
    injection = scenario?.injection
  }

  /// The state folder to open the repository with.
  ///
  /// - Parameters:
  ///   - usual: that of this host
  ///   - repository: whose state
  /// - Returns: `usual`, or an empty one where the scenario begins without what the host remembers
  /// - Throws: `targetRefused` if no empty one can be made
  package func stateRoot(_ usual: String, of repository: Identifier) throws(Failure) -> String {
    try scenario?.stateRoot(usual, of: repository) ?? usual
  }
}

/// Where the data of a recovery came from, in the words of the record: which copies, never where they are.
package enum DataOrigin {
  /// - Parameters:
  ///   - part: the store that the repository was opened at
  ///   - access: the repository, for what it took from its copies
  ///   - copies: what the copies are called, in the order in which they are named
  /// - Returns: `primary`, `copy 2`, `primary, copy 1`
  package static func text(_ part: StoreInjection.Part, _ access: RestorerAccess, copies: [String]) -> String {
    let store = if case .copy(let number) = part { "copy \(number)" } else { "primary" }
    let names = Set((access.meta.repository.fallback?.taken ?? []).map(\.from))
    return ([store] + copies.indices.filter { names.contains(copies[$0]) }.map { "copy \($0 + 1)" })
      .joined(separator: ", ")
  }
}
