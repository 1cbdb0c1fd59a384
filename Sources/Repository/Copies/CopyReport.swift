/// How a copy is to be made.
package struct CopyRequest: Sendable {
  /// How many objects are on their way at once at most.
  package var workers: Int
  /// Read every byte of what the target has already, instead of trusting sizes.
  package var readData: Bool

  /// So many keep a line of 10 Gbit/s full with 16 MiB each at 100 ms to either store.
  package static let standardWorkers = 8

  package init(workers: Int = CopyRequest.standardWorkers, readData: Bool = false) {
    self.workers = max(1, workers)
    self.readData = readData
  }
}

/// An object that a copy could not make good.
package struct CopyProblem: Sendable, Hashable {
  /// Whose bytes are not what the name says.
  package enum Side: String, Sendable {
    case source
    case target
  }

  package let side: Side
  /// The object, as its path in the store.
  package let path: String
  /// What is wrong, in lower case, without a full stop.
  package let what: String

  package init(_ side: Side, _ path: String, _ what: String) {
    self.side = side
    self.path = path
    self.what = what
  }
}

/// What came of a copy.
package struct CopyReport: Sendable {
  /// Objects that were put, and their bytes.
  package internal(set) var copied: UInt64 = 0
  package internal(set) var copiedBytes: UInt64 = 0
  /// Objects that the target had.
  package internal(set) var present: UInt64 = 0
  /// Objects of the repository that only the target has: they are left there.
  package internal(set) var extra: UInt64 = 0
  /// Objects that went from the source while the copy was made.
  package internal(set) var vanished: UInt64 = 0
  /// What is damaged in either store, by path.
  package internal(set) var problems: [CopyProblem] = []
  /// What lies in the source and is no object of a repository, as this version knows them: it was not copied.
  package internal(set) var strangers: [String] = []

  /// True if the target has everything that the source had, as far as was looked.
  package var isWhole: Bool { problems.isEmpty }
}
