import Bytes
import Glibc
import Pipeline
import Profiles

/// How the tools of a database's vendor are run: from which folder, behind which prefix, as which account.
struct ServerTools {
  private let settings: ToolSettings

  init(_ settings: ToolSettings) { self.settings = settings }

  /// Whether the tools run elsewhere, where files of ours are not.
  var isElsewhere: Bool { !settings.prefix.isEmpty }

  /// The account that the tools run as; nil for ours. Throws where we may not become it.
  func account() throws(Failure) -> SystemAccount? {
    guard let name = settings.account, !isElsewhere else { return nil }
    guard let account = SystemAccount(named: name) else {
      throw Failure(.profileInvalid, "there is no account \(name)", at: "tools.account")
    }
    if account.user == geteuid() { return nil }
    guard geteuid() == 0 else {
      throw Failure(
        .profileInvalid, "only root can run the tools as \(name)", at: "tools.account",
        next: "Run lifeboat as root or as \(name), or take it out.")
    }
    return account
  }

  /// The command of one tool.
  ///
  /// - Parameters:
  ///   - names: what it may be called; the first that is there is taken
  ///   - arguments: never secrets
  func command(_ names: [String], _ arguments: [String], failing code: Failure.Code) throws(Failure) -> ChildCommand {
    if let program = settings.prefix.first {
      // What is there over there nobody knows before: the first name.
      return made(program, settings.prefix.dropFirst() + [names[0]] + arguments, code)
    }
    let tool = try find(names, code)
    guard let account = try account() else { return made(tool, arguments, code) }
    return made("runuser", ["-u", account.name, "--", tool] + arguments, code)
  }

  private func made(_ program: String, _ arguments: [String], _ code: Failure.Code) -> ChildCommand {
    var command = ChildCommand(program, arguments, failing: code)
    // Messages are matched and shown: nothing of ours depends on the user's language.
    command.environment = .inherited(setting: ["LC_ALL": "C"], removing: ["MYSQL_PWD", "MYSQL_HISTFILE"])
    return command
  }

  private func find(_ names: [String], _ code: Failure.Code) throws(Failure) -> String {
    let path = getenv("PATH").map { String(cString: $0) } ?? ""
    let folders = settings.folder.map { [$0] } ?? (path.isEmpty ? [] : path.split(separator: ":").map(String.init))
    let places = settings.folder == nil ? folders + ServerTools.usualFolders : folders
    for name in names {
      for folder in places where folder.hasPrefix("/") && access("\(folder)/\(name)", X_OK) == 0 {
        return "\(folder)/\(name)"
      }
    }
    throw Failure(
      code, "no \(names[0]) here", at: settings.folder ?? "PATH",
      next: "Install the vendor's client tools, or say in tools.folder where they are.")
  }

  private static let usualFolders = ["/usr/local/bin", "/usr/bin", "/bin", "/usr/local/sbin", "/usr/sbin"]
}
