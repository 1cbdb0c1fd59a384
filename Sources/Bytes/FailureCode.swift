extension Failure {
  /// The catalogue of failures. Raw values are stable: scripts and `--json` readers match on them.
  package enum Code: String, Sendable, CaseIterable {
    // usage: the command line or a file that a person wrote
    case usage
    case profileInvalid = "profile-invalid"
    // source: the thing that is backed up
    case sourceFailed = "source-failed"
    case sourceIncomplete = "source-incomplete"
    case scratchFull = "scratch-full"
    // store: the place where objects lie
    case storeMissing = "store-missing"
    case storeExists = "store-exists"
    case storeDenied = "store-denied"
    case storeFull = "store-full"
    case storeUnavailable = "store-unavailable"
    // local state and caches of this host
    case stateFailed = "state-failed"
    // key: who may do what
    case keyInvalid = "key-invalid"
    case keyWrongPassphrase = "key-wrong-passphrase"
    case keyWrongRole = "key-wrong-role"
    case keyUntrusted = "key-untrusted"
    case authorityRolledBack = "authority-rolled-back"
    // damage: stored bytes are not what they must be
    case damaged
    case unsupportedFormat = "unsupported-format"
    // the run
    case interrupted
    case busy
    case targetRefused = "target-refused"
    case targetFull = "target-full"
    case unproven
    case defect

    /// The exit status of a process that ends with this failure. Fixed for good; see the README.
    package var exitStatus: Int32 {
      switch self {
      case .usage, .profileInvalid: 2
      case .sourceFailed, .sourceIncomplete, .scratchFull: 3
      case .storeMissing, .storeExists, .storeDenied, .storeFull, .storeUnavailable, .stateFailed: 4
      case .keyInvalid, .keyWrongPassphrase, .keyWrongRole, .keyUntrusted, .authorityRolledBack: 5
      case .damaged, .unsupportedFormat: 6
      case .interrupted: 7
      case .busy: 8
      case .targetRefused, .targetFull: 9
      case .unproven: 10
      case .defect: 70
      }
    }
  }
}
