/// Where a drill restores to, and what becomes of it.
package struct DrillTarget: Sendable, Equatable {
  /// Where to.
  package enum Place: Sendable, Equatable {
    /// A fresh folder of its own.
    case scratchFolder
    /// A fresh server of its own, from programs of this machine, in a folder and on a socket of its own.
    case scratchServer(ScratchServerSettings)
    /// A database of its own on a running server, which the profile names under `targets`.
    case server(name: String, TargetSettings)
  }

  /// What becomes of the restored data after the drill.
  package enum Keep: String, Sendable {
    /// It is removed.
    case never
    /// It stays where the drill is not proven, for a look at it.
    case onFailure = "on-failure"
  }

  package var place: Place
  /// The folder in which fresh ones are made; nil means `$TMPDIR`, or `/var/tmp` without it.
  package var folder: String?
  package var keep: Keep
  /// A scratch server that is still there after this time is ended, whatever happened to the drill.
  package var timeToLive: Seconds

  /// The time to live where a drill says nothing.
  package static let defaultTimeToLive = Seconds(12 * 3600)

  package init(
    place: Place = .scratchFolder, folder: String? = nil, keep: Keep = .never,
    timeToLive: Seconds = defaultTimeToLive
  ) {
    self.place = place
    self.folder = folder
    self.keep = keep
    self.timeToLive = timeToLive
  }
}

/// A server that is made for one drill.
package struct ScratchServerSettings: Sendable, Equatable {
  /// Its kind; nil for the engine of the snapshot. Where it is known the server is made while the repository is opened.
  package var kind: ServerKind?
  /// The folder of the server's programs; nil takes the newest that is installed.
  package var programs: String?
  /// The account that it runs as, where lifeboat runs as root; nil lets lifeboat pick one, and name it.
  package var account: String?
  /// Settings of the server beside those that suit a restore, by the names that its own configuration has.
  package var settings: [String: String]

  package init(
    kind: ServerKind? = nil, programs: String? = nil, account: String? = nil, settings: [String: String] = [:]
  ) {
    self.kind = kind
    self.programs = programs
    self.account = account
    self.settings = settings
  }
}
