import TestKit

/// Runs `rescue.py` the way its documentation says, with nothing of lifeboat on the path.
enum Rescue {
  static let program = "\(Checkout.root)/Sources/Format/Rescue/rescue.py"

  static func run(
    _ arguments: [String], store: String, key: String, program: String = program
  ) throws -> Program.Outcome {
    try Program.run(
      ["/usr/bin/python3", program, "--store", store, "--key", key] + arguments, environment: ["PATH": "/usr/bin:/bin"])
  }

  /// The files below a folder with their contents.
  static func contents(of folder: String) throws -> [String: [UInt8]] {
    var contents: [String: [UInt8]] = [:]
    for name in Files.tree(folder) where Files.names(in: "\(folder)/\(name)").isEmpty {
      contents[name] = try? Files.read("\(folder)/\(name)")
    }
    return contents
  }
}
