package import Bytes
import Format

/// Something in a writer's linked history that the listing does not explain.
package enum HistoryOddity: Sendable, Equatable {
  /// A snapshot names a parent that the store does not show: removed or hidden.
  case hidden(parent: Name, child: Name, writer: Identifier)
  /// Two snapshots of one installation continue the same parents: a machine was cloned or rolled back, or two runs
  /// went on at the same time.
  case fork(Name, Name, writer: Identifier)
  /// The history begins anew under another installation id: state was lost, or the writer moved.
  case restart(Name, writer: Identifier)

  /// One line for people.
  package var text: String {
    switch self {
    case .hidden(let parent, let child, let writer):
      "snapshot \(parent.hex.prefix(12)) of writer \(writer.hex.prefix(8)) is missing: \(child.hex.prefix(12)) follows it"
    case .fork(let one, let other, let writer):
      "snapshots \(one.hex.prefix(12)) and \(other.hex.prefix(12)) of writer \(writer.hex.prefix(8)) follow the same parents"
    case .restart(let name, let writer):
      "writer \(writer.hex.prefix(8)) goes on under another installation at \(name.hex.prefix(12))"
    }
  }

  /// True for what a healthy repository never shows.
  package var isDamage: Bool {
    if case .hidden = self { return true }
    return false
  }

  static func find(in chain: [ListedSnapshot], problems: [ObjectPath], writer: Identifier) -> [HistoryOddity] {
    let known = Set(chain.map(\.name)).union(problems.map(\.name))
    var oddities: [HistoryOddity] = []
    for snapshot in chain {
      for parent in snapshot.snapshot.parents where !known.contains(parent) {
        oddities.append(.hidden(parent: parent, child: snapshot.name, writer: writer))
      }
    }
    for (one, other) in zip(chain, chain.dropFirst()) {
      if one.snapshot.installation != other.snapshot.installation {
        oddities.append(.restart(other.name, writer: writer))
      } else if one.snapshot.parents == other.snapshot.parents, one.snapshot.sequence == other.snapshot.sequence {
        oddities.append(.fork(one.name, other.name, writer: writer))
      }
    }
    return oddities
  }
}
