package import Store

/// What stores said during a run, summed up for its end.
package struct StoreTally: Sendable {
  /// How many paths are named; programs see all of them as they come.
  private static let most = 5

  private var waits: UInt64 = 0
  private var lastReason = ""
  /// By where the objects came from, in the order of first mention.
  private var taken: [(from: String, count: UInt64, paths: [String])] = []

  package init() {}

  /// Takes a notice in.
  package mutating func hear(_ notice: StoreNotice) {
    switch notice {
    case .waiting(let wait):
      waits += 1
      lastReason = wait.reason
    case .taken(let path, let from):
      let index = taken.firstIndex { $0.from == from } ?? taken.count
      if index == taken.count { taken.append((from, 0, [])) }
      taken[index].count += 1
      if taken[index].paths.count < StoreTally.most { taken[index].paths.append(path) }
    case .resumed, .degraded: break
    }
  }

  /// What somebody must look at: objects that were not what they must be.
  package var warnings: [String] {
    taken.map { from, count, paths in
      let verb = count == 1 ? "was" : "were"
      let more = count > UInt64(paths.count) ? " and \(count - UInt64(paths.count)) more" : ""
      return "\(Plural.of(count, "object")) \(verb) missing or damaged, and taken from \(from): "
        + paths.joined(separator: ", ") + more
    }
  }

  /// What is good to know.
  package var notes: [String] {
    waits == 0 ? [] : ["calls of the store were tried again \(Plural.of(waits, "time")), lastly because: \(lastReason)"]
  }
}
