import ArgumentParser
import Bytes
import Profiles

/// `lifeboat profile`: the files that describe components.
struct ProfileCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "profile", abstract: "Validate, show and list profiles.",
    subcommands: [
      ProfileValidateCommand.self, ProfileShowCommand.self, ProfileListCommand.self, ProfileSchemaCommand.self,
    ])
}

/// `lifeboat profile validate`. JSON: one `profile` for each with `path`, `component` (null for a base that others
/// extend); problems are `error`s.
struct ProfileValidateCommand: LifeboatCommand {
  static let configuration = CommandConfiguration(
    commandName: "validate", abstract: "Check profiles; every problem is told with its line and column.",
    discussion: """
      A file without a component is a base that other profiles extend: its keys are checked, and those that a profile \
      must have may be missing.
      """)

  @Argument(help: "Components or paths of profiles. Default: every profile that can be found.", completion: .file())
  var profiles: [String] = []

  @OptionGroup var output: OutputOptions

  func run(in context: RunContext) throws(Failure) {
    var problems: [String] = []
    for word in profiles.isEmpty ? Lookup.names(in: Lookup.profileFolders) : profiles {
      let path = try Lookup.profile(word)
      do throws(Failure) {
        let component = try Profile.check(path)?.component
        let what = component.map { "component \($0), good" } ?? "a base that other profiles extend, good"
        context.say(
          Statement(
            "profile", [("path", .text(path)), ("component", component.map { .text($0) } ?? .nothing)],
            ["\(path): \(what)"]))
      } catch {
        guard error.code == .profileInvalid else { throw error }
        problems += error.what.split(separator: "\n").map(String.init).filter { !problems.contains($0) }
      }
    }
    guard problems.isEmpty else {
      throw Failure(
        .profileInvalid, problems.joined(separator: "\n"),
        next: "Correct the file; every problem found in it is listed.")
    }
  }
}

/// `lifeboat profile list`. JSON: one `profile` for each with `path`, `component`, `repository`, `source`.
struct ProfileListCommand: LifeboatCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "List the profiles that can be found; bases that others extend are left out.")

  @OptionGroup var output: OutputOptions

  func run(in context: RunContext) throws(Failure) {
    var table = Table([("COMPONENT", .left), ("SOURCE", .left), ("REPOSITORY", .left), ("FILE", .left)])
    let names = Lookup.names(in: Lookup.profileFolders)
    for name in names {
      let path = try Lookup.profile(name)
      do throws(Failure) {
        guard let profile = try Profile.check(path) else { continue }
        table.add([profile.component, profile.source.kind, profile.repository, path])
        if output.json { context.say(ProfileListCommand.statement(profile, path)) }
      } catch {
        context.warn("\(path) is no good profile: \(error.what.split(separator: "\n").first ?? "")")
      }
    }
    if output.json { return }
    let none = "No profile in \(Lookup.profileFolders.joined(separator: ", "))."
    context.say(Statement("profiles", [], names.isEmpty ? [none] : table.lines))
  }

  private static func statement(_ profile: Profile, _ path: String) -> Statement {
    Statement(
      "profile",
      [
        ("path", .text(path)), ("component", .text(profile.component)), ("repository", .text(profile.repository)),
        ("source", .text(profile.source.kind)),
      ], [])
  }
}

/// `lifeboat profile schema`. JSON: one `schema` with `schema`, the schema itself.
struct ProfileSchemaCommand: LifeboatCommand {
  static let configuration = CommandConfiguration(
    commandName: "schema", abstract: "Print the JSON schema of profiles (draft 2020-12), for editors.",
    discussion: """
      With the YAML language server: lifeboat profile schema > lifeboat.schema.json, and as the first line of a profile
        # yaml-language-server: $schema=../lifeboat.schema.json
      """)

  @OptionGroup var output: OutputOptions

  func run(in context: RunContext) throws(Failure) {
    let schema = ProfileSchema.json
    context.say(Statement("schema", [("schema", schema)], [schema.encoded]))
  }
}
