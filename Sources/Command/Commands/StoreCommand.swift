import ArgumentParser

/// `lifeboat store`: what there is to know of a store itself.
struct StoreCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "store", abstract: "Find out what a store does.", subcommands: [StoreCheckCommand.self])
}
