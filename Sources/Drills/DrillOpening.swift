package import Bytes
package import Engine
import Repository

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

extension StoreInjection.Part {
  /// The words on the record: `primary`, `copy 1`.
  var origin: String {
    switch self {
    case .primary: "primary"
    case .copy(let number): "copy \(number)"
    }
  }
}
