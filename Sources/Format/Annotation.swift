package import Bytes

/// What a keeper or restorer says later of snapshots that exist: they never change themselves (FORMAT.md, section 9).
package struct Annotation: Codable, Equatable, Sendable {
  /// What is said.
  package enum Action: String, Codable, Sendable, CaseIterable {
    /// Quarantined snapshots count as complete from now on.
    case accept
    /// No prune may take them.
    case hold
    /// A prune may take them again.
    case release
  }

  package let action: Action
  /// The snapshots that it is about.
  package let snapshots: [Name]
  /// Why, in the words of whoever signed.
  package let reason: String
  /// The program that wrote it.
  package let tool: String

  /// A reason has so many bytes at most.
  package static let longestReason = 4096
  private static let mostSnapshots = 1000

  package init(_ action: Action, of snapshots: [Name], because reason: String, tool: String) {
    self.action = action
    self.snapshots = snapshots
    self.reason = reason
    self.tool = tool
  }

  /// The body of the annotation's envelope.
  package var body: [UInt8] { JSONBody.encode(self) }

  /// Reads a body. An action that this version does not know is refused: nobody can say what it would change.
  package init(body: [UInt8]) throws(Failure) {
    let raw = try JSONBody.decode(Raw.self, from: body, of: "annotation")
    guard let action = Action(rawValue: raw.action) else {
      throw Failure(
        .unsupportedFormat, "the annotation says \(DisplayText.of(Array(raw.action.utf8))), which is not known",
        next: "Use a newer lifeboat.")
    }
    guard (1...Annotation.mostSnapshots).contains(raw.snapshots.count), Annotation.isReason(raw.reason) else {
      throw Failure(.damaged, "annotation is malformed: field snapshots or reason")
    }
    self.init(action, of: raw.snapshots, because: raw.reason, tool: raw.tool)
  }

  /// Whether a text may stand as a reason: something must be said, and not too much.
  package static func isReason(_ text: String) -> Bool {
    text.contains { !$0.isWhitespace } && text.utf8.count <= longestReason
  }

  private struct Raw: Decodable {
    let action: String
    let snapshots: [Name]
    let reason: String
    let tool: String
  }
}
