package import Bytes
import Format

/// A snapshot that a problem costs.
package struct AffectedSnapshot: Sendable, Hashable {
  package let name: Name
  package let writer: Identifier
  /// Nil where the snapshot itself cannot be read.
  package let component: String?
  /// The time of signing in nanoseconds since the epoch, UTC; nil where the snapshot itself cannot be read.
  package let time: UInt64?

  package init(name: Name, writer: Identifier, component: String?, time: UInt64?) {
    self.name = name
    self.writer = writer
    self.component = component
    self.time = time
  }

  init(_ snapshot: ListedSnapshot) {
    self.init(
      name: snapshot.name, writer: snapshot.writer.id, component: snapshot.snapshot.component,
      time: snapshot.header.time)
  }

  /// Enough of the name for people.
  package var shortName: String { String(name.hex.prefix(12)) }
}

/// One thing that a check found, with what it costs.
package struct CheckProblem: Sendable {
  /// How bad it is.
  package enum Severity: Int, Sendable, Comparable, CaseIterable {
    /// Worth knowing; a healthy repository may show it.
    case note
    /// Something that does not belong there.
    case warning
    /// Damaged, missing, planted or hidden.
    case damage

    package static func < (left: Severity, right: Severity) -> Bool { left.rawValue < right.rawValue }
  }

  package let severity: Severity
  /// The object, as its path in the store.
  package let path: String
  /// What is wrong, in lower case, without a full stop.
  package let what: String
  /// What to do next, as a sentence; may be empty.
  package let next: String
  /// The snapshots that cannot be restored in full because of it, oldest first.
  package let costs: [AffectedSnapshot]
  /// False if `costs` is what it costs at most: a keeper cannot open dump contents to see which of a pack's chunks
  /// are still good.
  package let isExact: Bool
  /// The copies that have the object, by name. Whether its bytes are good there was looked at only if all data was
  /// read.
  package internal(set) var copies: [String] = []

  package init(
    _ severity: Severity, at path: String, _ what: String, next: String = "", costs: [AffectedSnapshot] = [],
    isExact: Bool = true
  ) {
    self.severity = severity
    self.path = path
    self.what = what
    self.next = next
    self.costs = costs
    self.isExact = isExact
  }
}

extension CheckProblem: CustomStringConvertible {
  /// One line: severity, object, what, and the snapshots it costs.
  package var description: String {
    let names = costs.map { "\($0.component ?? "unknown component") \($0.shortName)" }.joined(separator: ", ")
    let cost = costs.isEmpty ? "" : "; costs \(isExact ? "" : "at most ")\(names)"
    let copies = copies.isEmpty ? "" : "; a copy has it: \(copies.joined(separator: ", "))"
    return "\(severity): \(path): \(what)\(cost)\(copies)"
  }
}
