import ArgumentParser

/// `lifeboat key`: who may do what.
struct KeyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "key", abstract: "Make, list, grant, close and protect keys, and confine credentials.",
    subcommands: [
      KeyNewCommand.self, KeyListCommand.self, KeyGrantCommand.self, KeyCloseCommand.self, KeyProtectCommand.self,
      KeyPolicyCommand.self,
    ])
}
