import ArgumentParser
import Engine

/// The root of the command tree.
struct Lifeboat: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "lifeboat",
    abstract: "Encrypted backups of databases, and the proof that they come back.",
    discussion: """
      Exit status: 0 done, 1 done with warnings, 2 usage, 3 source, 4 store or local state, 5 key, 6 damage, \
      7 interrupted, 8 busy, 9 target, 10 not proven, 70 defect.

      Environment: LIFEBOAT_REPOSITORY, LIFEBOAT_KEY, LIFEBOAT_PASSPHRASE_FILE, LIFEBOAT_PASSPHRASE_COMMAND, \
      LIFEBOAT_STATE.
      """,
    version: Release.version,
    subcommands: [
      InitCommand.self, BackupCommand.self, SnapshotsCommand.self, ShowCommand.self, DumpCommand.self,
      AcceptCommand.self, CacheCommand.self, RestoreCommand.self, CheckCommand.self, CopyCommand.self,
      DrillCommand.self, RescueKitCommand.self, KeyCommand.self,
      ProfileCommand.self, StoreCommand.self,
    ])
}
