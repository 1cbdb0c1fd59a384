import ArgumentParser
import Bytes
import Profiles

/// `lifeboat profile`: the files that describe components.
struct ProfileCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "profile", abstract: "Validate, show and list profiles.",
    subcommands: [ProfileValidateCommand.self, ProfileShowCommand.self, ProfileListCommand.self])
}

/// `lifeboat profile validate`. JSON: one `profile` for each with `path`, `component`; problems are `error`s.
struct ProfileValidateCommand: LifeboatCommand {
  static let configuration = CommandConfiguration(
    commandName: "validate", abstract: "Check profiles; every problem is told with its line and column.")

  @Argument(help: "Components or paths of profiles. Default: every profile that can be found.", completion: .file())
  var profiles: [String] = []

  @OptionGroup var output: OutputOptions

  func run(in context: RunContext) throws(Failure) {
    var problems: [String] = []
    for word in profiles.isEmpty ? Lookup.names(in: Lookup.profileFolders) : profiles {
      let path = try Lookup.profile(word)
      do throws(Failure) {
        let profile = try Profile.load(path)
        context.say(
          Statement(
            "profile", [("path", .text(path)), ("component", .text(profile.component))],
            ["\(path): component \(profile.component), good"]))
      } catch {
        guard error.code == .profileInvalid else { throw error }
        problems.append(error.what)
      }
    }
    guard problems.isEmpty else {
      throw Failure(
        .profileInvalid, problems.joined(separator: "\n"),
        next: "Correct the file; every problem found in it is listed.")
    }
  }
}

/// `lifeboat profile show`. JSON: one `profile` with `path`, `component`, `values` and `origins`, objects with dotted keys.
struct ProfileShowCommand: LifeboatCommand {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "Show the values of a profile that count, and where each comes from.",
    discussion: "Secrets are shown as references, never as values.")

  @Argument(help: "A component or the path of a profile.", completion: .file())
  var profile: String

  @OptionGroup var output: OutputOptions

  func run(in context: RunContext) throws(Failure) {
    let path = try Lookup.profile(profile)
    let profile = try Profile.load(path)
    var table = Table([("KEY", .left), ("VALUE", .left), ("FROM", .left)])
    for entry in profile.description.entries { table.add([entry.key, entry.value.text, entry.origin]) }
    let origins = JSONText.object(profile.description.entries.map { ($0.key, .text($0.origin)) })
    context.say(
      Statement(
        "profile",
        [
          ("path", .text(path)), ("component", .text(profile.component)), ("values", profile.description.tree),
          ("origins", origins),
        ], table.lines))
  }
}

/// `lifeboat profile list`. JSON: one `profile` for each with `path`, `component`, `repository`, `source`.
struct ProfileListCommand: LifeboatCommand {
  static let configuration = CommandConfiguration(commandName: "list", abstract: "List the profiles that can be found.")

  @OptionGroup var output: OutputOptions

  func run(in context: RunContext) throws(Failure) {
    var table = Table([("COMPONENT", .left), ("SOURCE", .left), ("REPOSITORY", .left), ("FILE", .left)])
    let names = Lookup.names(in: Lookup.profileFolders)
    for name in names {
      let path = try Lookup.profile(name)
      do throws(Failure) {
        let profile = try Profile.load(path)
        table.add([profile.component, profile.source.kind, profile.repository, path])
        if output.json {
          context.say(
            Statement(
              "profile",
              [
                ("path", .text(path)), ("component", .text(profile.component)),
                ("repository", .text(profile.repository)),
                ("source", .text(profile.source.kind)),
              ], []))
        }
      } catch {
        context.warn("\(path) is no good profile: \(error.what.split(separator: "\n").first ?? "")")
      }
    }
    if output.json { return }
    let none = "No profile in \(Lookup.profileFolders.joined(separator: ", "))."
    context.say(Statement("profiles", [], names.isEmpty ? [none] : table.lines))
  }
}
