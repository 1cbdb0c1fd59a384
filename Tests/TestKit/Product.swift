import Bytes
import Glibc

/// The built program, run as a stranger would run it.
package enum Product {
  /// Where the program lies: `LIFEBOAT_BINARY`, or beside the running test bundle.
  package static let path: String = {
    if let told = getenv("LIFEBOAT_BINARY") { return String(cString: told) }
    let candidates = CommandLine.arguments.flatMap { argument in
      let folder = DurableFile.folder(of: argument)
      return ["\(folder)/lifeboat", "\(DurableFile.folder(of: folder))/lifeboat"]
    }
    let own = candidates.first { access($0, X_OK) == 0 }
    return own ?? "\(Checkout.root)/.build/release/lifeboat"
  }()

  /// Whether the full sizes are asked for, which take many minutes.
  package static var isLong: Bool { getenv("LIFEBOAT_LONG") != nil }

  /// Runs the program with nothing around it but what is given: no home, no language, a bare path.
  ///
  /// - Parameters:
  ///   - arguments: what follows the program's name
  ///   - input: what it reads on standard input
  ///   - state: the folder for local state
  ///   - environment: further variables
  ///   - folder: the working directory
  package static func run(
    _ arguments: [String], input: [UInt8] = [], state: String, environment: [String: String] = [:],
    in folder: String? = nil
  ) throws -> Program.Outcome {
    let bare = ["PATH": "/usr/bin:/bin", "LIFEBOAT_STATE": state]
    return try Program.run(
      [path] + arguments, input: input, environment: bare.merging(environment) { $1 }, in: folder)
  }
}
