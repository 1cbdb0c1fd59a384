package import Profiles

/// The kinds of faults that a drill can inject, in the order in which it matters that they were rehearsed: first what
/// leaves a recovery with less than it was planned with, then what breaks in the middle of one, then what only slows it.
package enum FaultKind: String, CaseIterable, Sendable {
  case storeLost = "store-lost"
  case bareHost = "bare-host"
  case badSnapshots = "bad-snapshots"
  case corruptPack = "corrupt-pack"
  case missingPack = "missing-pack"
  case coldTool = "cold-tool"
  case expiredCredentials = "expired-credentials"
  case targetKilled = "target-killed"
  case targetFull = "target-full"
  case throttling
  case slowStore = "slow-store"
  case resets
  case stalls
  case coldCache = "cold-cache"

  /// The kind with this word in drill files and records; nil for another word.
  package init?(word: String) { self.init(rawValue: word) }

  /// The kind of a fault. Who adds a kind of fault is told by the compiler that it has no place in the order yet.
  package init(_ fault: DrillFault) {
    switch fault {
    case .throttling: self = .throttling
    case .slowStore: self = .slowStore
    case .resets: self = .resets
    case .stalls: self = .stalls
    case .expiredCredentials: self = .expiredCredentials
    case .corruptPack: self = .corruptPack
    case .missingPack: self = .missingPack
    case .coldCache: self = .coldCache
    case .targetKilled: self = .targetKilled
    case .targetFull: self = .targetFull
    case .storeLost: self = .storeLost
    case .bareHost: self = .bareHost
    case .coldTool: self = .coldTool
    case .badSnapshots: self = .badSnapshots
    }
  }
}
