import ArgumentParser

/// `lifeboat drill`: rehearsed recoveries.
struct DrillCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "drill", abstract: "Rehearse a recovery, and keep its record; look at past ones.",
    usage: """
      lifeboat drill <file or name> [options]
      lifeboat drill history [<component>] [options]
      lifeboat drill estimate [<component>] [options]
      lifeboat drill plan [<component>] [options]
      lifeboat drill verify [--since <record>] [options]
      lifeboat drill export [<component>] [--format json|junit|html] [--sign] [--to <file>] [options]
      """,
    subcommands: [
      DrillRunCommand.self, DrillHistoryCommand.self, DrillEstimateCommand.self, DrillPlanCommand.self,
      DrillVerifyCommand.self, DrillExportCommand.self,
    ], defaultSubcommand: DrillRunCommand.self)
}
