import Bytes
import Glibc
import Synchronization

/// A minimal Debian system in a folder (`Tests/BareHost/root` makes it), with a list of packages and nothing else.
package struct BareHost: Sendable {
  package let root: String
  private static let use = Mutex(())

  /// Nil, said loudly, where none can be made; in CI that is an error.
  package init?(_ packages: [String]) throws {
    let made = try Program.run(["\(Checkout.root)/Tests/BareHost/root"] + packages)
    guard made.status == 0 else {
      if getenv("CI") != nil { throw Missing(description: made.errors) }
      Files.say("*** NOT TESTED: no bare host (\(made.errors.split(separator: "\n").last ?? "")) ***")
      return nil
    }
    root = made.text.split(separator: "\n").last.map(String.init) ?? ""
  }

  package struct Missing: Error, CustomStringConvertible { package let description: String }

  /// Does something in such systems while no other test does: what a recovery leaves there is looked at.
  package static func alone<Result>(_ body: () throws -> Result) throws -> Result {
    try use.withLock { _ in try body() }
  }

  /// Runs a program in it.
  package func run(_ words: [String]) throws -> Program.Outcome {
    try Program.run(["chroot", root] + words, environment: ["PATH": "/usr/sbin:/usr/bin:/sbin:/bin"])
  }

  /// Everything in it that is no program's own: what a recovery may leave there.
  package var leftovers: [String] {
    ["var/tmp", "tmp", "root", "dev/shm", "home", "srv", "mnt"].flatMap { folder in
      Files.names(in: "\(root)/\(folder)").filter { ![".bashrc", ".profile"].contains($0) }.map { "\(folder)/\($0)" }
    }
  }

  /// The Debian packages of the libraries that a program names itself; nil, said loudly, for one that was linked against
  /// a toolchain's own, as builds for debugging are.
  package static func packages(of program: String) throws -> Set<String>? {
    let named = try Program.run(["readelf", "-d", program]).text.split(separator: "\n").compactMap { line -> String? in
      guard line.contains("(NEEDED)"), let start = line.firstIndex(of: "["), let end = line.lastIndex(of: "]") else {
        return nil
      }
      return String(line[line.index(after: start)..<end])
    }
    guard !named.contains(where: { $0.hasPrefix("libswift") || $0.hasPrefix("libFoundation") }) else {
      if getenv("CI") != nil { throw Missing(description: "\(program) needs a toolchain's libraries") }
      Files.say("*** NOT TESTED: \(program) is no release; what a bare host does with it was skipped ***")
      return nil
    }
    let places = try Program.run(["ldd", program]).text.split(separator: "\n").compactMap { line -> (String, String)? in
      let words = line.split(whereSeparator: { $0 == " " || $0 == "\t" }).map(String.init)
      return words.count >= 3 && words[1] == "=>" ? (words[0], words[2]) : nil
    }
    let found = Dictionary(places) { first, _ in first }
    return Set(
      try named.compactMap { found[$0] }.map { place in
        // Since /lib became a link, packages name files by either of two paths.
        let short = place.hasPrefix("/usr/") ? String(place.dropFirst(4)) : place
        let answer = try Program.run(["dpkg", "-S", "/usr\(short)"])
        let text = answer.status == 0 ? answer.text : try Program.run(["dpkg", "-S", short]).text
        return String(text.prefix { $0 != ":" })
      })
  }
}
