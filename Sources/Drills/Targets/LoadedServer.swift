package import Databases
package import Profiles

/// A server with a snapshot in it.
package struct LoadedServer: Sendable {
  package let kind: ServerKind
  /// How it is reached.
  package let server: ServerSettings
  /// What its data must equal.
  package let truth: TruthManifest
  package let loader: any LoadTarget
  /// As it holds now: every database has its name.
  package let plan: LoadPlan
  /// Whether the server was made for this drill: a check may install there what it needs.
  package var isScratch = true

  /// For checks to look at.
  var restored: any RestoredData {
    RestoredServer(
      kind: kind, server: server, databases: plan.databases.map { ($0.name, $0.target) }, truth: truth, loader: loader,
      plan: plan, isScratch: isScratch)
  }
}
