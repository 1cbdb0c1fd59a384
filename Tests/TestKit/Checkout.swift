import Glibc

/// Where the source of this package lies.
package enum Checkout {
  /// The package's folder.
  package static let root: String = {
    let components = #filePath.split(separator: "/").dropLast(3)
    return "/" + components.joined(separator: "/")
  }()

  /// The text of a file below the root.
  package static func text(_ path: String) throws -> String {
    String(decoding: try Files.read("\(root)/\(path)"), as: UTF8.self)
  }
}

/// Data that is too large for the repository and lies beside the checkout, where there is any.
package enum SharedData {
  /// A folder of the shared data by name; nil where it doesn't lie beside the checkout.
  ///
  /// Its absence is said loudly, so that nobody takes a suite that had nothing to look at for one that passed. In
  /// CI it is an error.
  package static func folder(named name: String) throws -> String? {
    let base = variable("LIFEBOAT_SHARED") ?? "\(Checkout.root)/../shared"
    let path = "\(base)/data/\(name)"
    var status = stat()
    if stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR { return path }
    if variable("CI") != nil { throw Missing(path: path) }
    Files.say("*** NOT TESTED: no shared data at \(path); what needs it was skipped ***")
    return nil
  }

  /// The shared data is missing where it must not be.
  package struct Missing: Error {
    /// Where it was looked for.
    package let path: String
  }

  private static func variable(_ name: String) -> String? {
    guard let value = getenv(name), value.pointee != 0 else { return nil }
    return String(cString: value)
  }
}
