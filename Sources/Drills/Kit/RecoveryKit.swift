package import Bytes
import Cryptography
package import Format
package import Profiles
package import Repository

/// Everything that a person needs to take one component back on a machine that has nothing, on one page: where, which
/// keys, which packages, which commands. A drill runs the very same values (`KitRun`).
///
/// No secret is in it: key files and credentials are named, never shown.
package struct RecoveryKit: Sendable, Equatable {
  package let component: String
  package let repository: Identifier
  /// The public key that all authority hangs on, as the key file pins it.
  package let root: String
  package let primary: KitPlace
  package let copies: [KitPlace]
  package let keys: [KitKey]
  package let contents: KitContents
  package let objectives: Objectives
  /// The SHA-256 of the reader that the key files pin.
  package let reader: String
  package let ways: [KitWay]
  package let measured: KitMeasured
  /// Name and version of the program that made the page, and the SHA-256 of its file.
  package let tool: String
  package let program: String
  /// When, in nanoseconds since 1970.
  package let printed: UInt64

  /// What a page says beside what the repository knows.
  package struct Surroundings: Sendable {
    /// Where the repository lies, and its copies.
    package var primary: KitPlace
    package var copies: [KitPlace]
    /// Where key files are expected.
    package var keys: [Role: String]
    package var objectives: Objectives
    package var tool: String
    package var program: String
    package var printed: UInt64

    package init(
      primary: KitPlace, copies: [KitPlace], keys: [Role: String], objectives: Objectives, tool: String,
      program: String, printed: UInt64
    ) {
      self.primary = primary
      self.copies = copies
      self.keys = keys
      self.objectives = objectives
      self.tool = tool
      self.program = program
      self.printed = printed
    }
  }

  /// - Parameters:
  ///   - component: which
  ///   - contents: what its newest snapshot is
  ///   - access: the repository, by a keeper's or a restorer's key
  ///   - ledger: for the measured times
  ///   - surroundings: where everything lies
  package init(
    _ component: String, _ contents: KitContents, _ access: MetaAccess, _ ledger: Ledger,
    _ surroundings: Surroundings
  ) {
    let key = access.repository.key
    self.component = component
    self.contents = contents
    repository = key.repository
    root = key.root.hex
    reader = key.rescue.hex
    primary = surroundings.primary
    copies = surroundings.copies
    keys = KitKey.all(surroundings.keys, of: component, access)
    objectives = surroundings.objectives
    tool = surroundings.tool
    program = surroundings.program
    printed = surroundings.printed
    measured = KitMeasured(component, in: ledger)
    ways =
      KitCommands(
        component: component, place: primary, copies: copies, key: surroundings.keys[.restorer] ?? "restorer.key",
        reader: reader, program: program, contents: contents
      ).ways
  }

  /// The way that a tool goes.
  package func way(_ tool: KitWay.Tool) -> KitWay {
    guard let way = ways.first(where: { $0.tool == tool }) else { preconditionFailure("a kit has every way") }
    return way
  }

  /// What credentials a person brings for a bucket; empty for folders.
  package var credentials: [String] {
    guard primary.isBucket else { return [] }
    return RecoveryKit.credentialVariables
  }

  /// The variables, or the file, by which credentials come: never on the page.
  package static let credentialVariables = [
    "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_SHARED_CREDENTIALS_FILE",
  ]
}
