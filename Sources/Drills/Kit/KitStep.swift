/// One step of a way back: what is reached by it, and the command line that does it.
package struct KitStep: Sendable, Equatable {
  /// What is reached: its name on the page and, as `step: …`, on records. No other step of the way has it.
  package let title: String
  /// For `sh -eu`, of one or several lines; it leans on the way's variables, and on nothing else that a step before it
  /// left in the shell.
  package let command: String
  /// Whether a failure of it speaks of the repository, in our exit statuses: it runs lifeboat or the reader.
  package let reads: Bool

  package init(_ title: String, _ command: String, reads: Bool = false) {
    self.title = title
    self.command = command
    self.reads = reads
  }
}

/// A variable that the commands lean on: the lines that a person fills in.
package struct KitVariable: Sendable, Equatable {
  package enum Value: Sendable, Equatable {
    /// Exactly these characters.
    case text(String)
    /// What a shell makes of it between double quotes: `$WORK/socket`.
    case words(String)
  }

  package let name: String
  package let value: Value
  /// What it is, for the person.
  package let about: String

  package init(_ name: String, _ value: Value, _ about: String) {
    self.name = name
    self.value = value
    self.about = about
  }

  /// The line that sets it: `export KEY=/root/restorer.key`.
  package var line: String {
    switch value {
    case .text(let text): "export \(name)=\(ShellText.quoted(text))"
    case .words(let words): "export \(name)=\"\(words)\""
    }
  }
}

/// One of the ways back: the tool, what it needs, and the steps.
package struct KitWay: Sendable, Equatable {
  /// What opens the repository.
  package enum Tool: String, Sendable, CaseIterable {
    case lifeboat
    /// The independent reader, `rescue.py`.
    case reader
  }

  /// What is there when all steps are done.
  package enum Result: Sendable, Equatable {
    /// A server of its own on a socket below `WORK`.
    case server(String)
    /// Files in `WORK/dump`.
    case folder
  }

  package let tool: Tool
  /// Debian packages.
  package let packages: [String]
  package let variables: [KitVariable]
  package let steps: [KitStep]
  package let result: Result

  package init(tool: Tool, packages: [String], variables: [KitVariable], steps: [KitStep], result: Result) {
    self.tool = tool
    self.packages = packages
    self.variables = variables
    self.steps = steps
    self.result = result
  }

  /// The lines to begin with, in the shell that everything is run in.
  package var opening: [String] { variables.map(\.line) + ["cd /"] }

  /// The script that runs a step alone, with other values of some variables.
  package func script(of step: KitStep, setting values: [String: KitVariable.Value] = [:]) -> String {
    let lines = variables.map { variable in
      KitVariable(variable.name, values[variable.name] ?? variable.value, variable.about).line
    }
    return (lines + ["cd /", step.command]).joined(separator: "\n")
  }
}

/// Text as a shell spells it.
package enum ShellText {
  private static let plain = Set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789/._-+:,=@%".utf8)

  /// One word of a command line that means exactly these characters.
  package static func quoted(_ text: String) -> String {
    if !text.isEmpty, text.utf8.allSatisfy(plain.contains) { return text }
    return "'" + text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
  }
}
