package import Bytes
import Glibc

/// A program to run as a child.
///
/// Arguments are visible to every user of the machine: never put a secret there. Hand secrets over in the
/// environment, on standard input or in a file.
package struct ChildCommand: Sendable {
  /// A path, or a bare name that is looked up in `PATH`.
  package var executable: String
  /// The arguments without the program's name.
  package var arguments: [String]
  /// The environment of the child.
  package var environment = Environment.inherited()
  /// The working directory; nil for ours.
  package var folder: String?
  /// Where standard input comes from.
  package var input = Input.nothing
  /// Where standard output goes to.
  package var output = Output.pipe
  /// How long the child may take to end after SIGTERM before SIGKILL comes, in nanoseconds.
  package var grace: UInt64 = 5_000_000_000
  /// What a failure to start the child is called.
  package var code: Failure.Code
  /// Gets each line of standard error as it comes, without its end, on a thread of the child's.
  package var onErrorLine: (@Sendable (String) -> Void)?

  /// - Parameters:
  ///   - executable: a path, or a name to look up in `PATH`
  ///   - arguments: without the program's name; never secrets
  ///   - code: what a failure to start is called
  package init(_ executable: String, _ arguments: [String] = [], failing code: Failure.Code = .sourceFailed) {
    self.executable = executable
    self.arguments = arguments
    self.code = code
  }

  /// Where standard input comes from.
  package enum Input: Sendable {
    /// The null device.
    case nothing
    /// An open descriptor, which is only borrowed: the caller keeps it open until the child has started.
    case descriptor(Int32)
    /// These bytes, then the end. A child that does not read them all is no error.
    case bytes([UInt8])
    /// What `Child.write` sends, until `Child.closeInput`.
    case pipe
  }

  /// Where standard output goes to.
  package enum Output: Sendable {
    /// The null device.
    case nothing
    /// A pipe that `Child.read` reads.
    case pipe
    /// An open descriptor, which is only borrowed: the caller keeps it open until the child has started.
    case descriptor(Int32)
  }

  /// The variables that a child sees.
  package enum Environment: Sendable {
    /// Ours, with some set, and some taken away.
    case inherited(setting: [String: String] = [:], removing: [String] = [])
    /// These and no others.
    case only([String: String])
  }
}

extension ChildCommand {
  /// What `PATH` is where there is none: under a bare cron or a broken unit file tools must be found all the same.
  static let defaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

  /// The variables as they are handed over.
  func variables() -> [String: String] {
    switch environment {
    case .only(let variables): return variables
    case .inherited(let setting, let removing):
      var variables = ChildCommand.ownVariables()
      for name in removing { variables[name] = nil }
      variables.merge(setting) { _, new in new }
      if variables["PATH", default: ""].isEmpty { variables["PATH"] = ChildCommand.defaultPath }
      return variables
    }
  }

  /// The absolute path of the program. Relative folders in `PATH` are passed over: they would run whatever lies in
  /// the working directory.
  func resolve(_ variables: [String: String]) throws(Failure) -> String {
    if executable.utf8.contains(UInt8(ascii: "/")) {
      guard ChildCommand.isProgram(executable) else { throw notFound("no program at \(executable)") }
      if executable.utf8.first == UInt8(ascii: "/") { return executable }
      return "\(try ownFolder())/\(executable)"
    }
    let path = variables["PATH", default: ""]
    for list in [path, ChildCommand.defaultPath] {
      for folder in list.split(separator: ":") where folder.utf8.first == UInt8(ascii: "/") {
        let candidate = "\(folder)/\(executable)"
        if ChildCommand.isProgram(candidate) { return candidate }
      }
    }
    throw notFound("command not found: \(executable)")
  }

  /// Throws for what cannot be handed to another program.
  func validate(_ variables: [String: String]) throws(Failure) {
    guard !executable.isEmpty else { throw Failure(code, "the command is empty") }
    let texts = [executable] + arguments + variables.flatMap { [$0.key, $0.value] }
    guard !texts.contains(where: { $0.utf8.contains(0) }) else {
      throw Failure(code, "a zero byte in the arguments or the environment of \(executable)")
    }
    guard !variables.keys.contains(where: { $0.isEmpty || $0.utf8.contains(UInt8(ascii: "=")) }) else {
      throw Failure(code, "an environment variable of \(executable) has a malformed name")
    }
    guard let folder else { return }
    var status = stat()
    guard stat(folder, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else {
      throw Failure(code, "the working directory of \(executable) does not exist", at: folder)
    }
  }

  /// Whether there is a regular file that we may execute.
  static func isProgram(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG && access(path, X_OK) == 0
  }

  private func notFound(_ what: String) -> Failure {
    Failure(code, what, next: "Install the program, or give its full path.")
  }

  private func ownFolder() throws(Failure) -> String {
    guard let raw = getcwd(nil, 0) else { throw Failure(code, "the working directory is gone") }
    defer { free(raw) }
    return String(cString: raw)
  }

  private static func ownVariables() -> [String: String] {
    var variables: [String: String] = [:]
    var cursor = environ
    while let entry = cursor.pointee {
      let text = String(cString: entry)
      if let split = text.utf8.firstIndex(of: UInt8(ascii: "=")) {
        variables[String(text[..<split])] = String(text[text.utf8.index(after: split)...])
      }
      cursor += 1
    }
    return variables
  }
}
