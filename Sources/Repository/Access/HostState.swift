package import Bytes
package import Format
import Glibc

/// What this host remembers between runs: disposable, for deleting it costs time, never data.
///
/// One folder per repository under the state folder: the installation id, the highest authority statement seen,
/// the heads of the history last seen, a writer's index, folded, its packs that no index object names yet, and the
/// figures of its last dumps.
package struct HostState: Sendable {
  /// The repository's folder.
  package let folder: String
  /// The repository that the state is about.
  package let repository: Identifier

  /// - Parameters:
  ///   - root: the state folder of this host
  ///   - repository: the repository that the state is about
  /// - Throws: `stateFailed` if the folder cannot be made.
  package init(root: String, repository: Identifier) throws(Failure) {
    self.repository = repository
    folder = "\(root)/\(repository.hex)"
    do throws(SystemError) {
      try DurableFile.createFolder(folder)
    } catch {
      throw HostState.failure(error)
    }
  }

  /// Where state lies unless told otherwise: `LIFEBOAT_STATE`, the XDG state folder, or `/var/lib/lifeboat` for root
  /// and for accounts without a home.
  package static func defaultRoot(environment: [String: String]) -> String {
    if let told = environment["LIFEBOAT_STATE"], !told.isEmpty { return told }
    if let xdg = environment["XDG_STATE_HOME"], xdg.hasPrefix("/") { return "\(xdg)/lifeboat" }
    if geteuid() != 0, let home = environment["HOME"], home.hasPrefix("/") { return "\(home)/.local/state/lifeboat" }
    return "/var/lib/lifeboat"
  }

  /// Where a writer's index is kept between runs.
  var indexFolder: String { "\(folder)/index" }

  /// Where packs are noted that no index object names yet.
  func unindexedFolder(writer: Identifier) -> String { "\(folder)/unindexed/\(writer.hex)" }

  /// Where the reference cache of a component lies.
  package func referenceFolder(component: String) -> String { "\(folder)/reference/\(component)" }

  /// The file with the figures of a component's last whole dumps.
  package func bandsPath(component: String) -> String { "\(folder)/bands/\(component)" }

  /// The file that says how a component's last run ended.
  package func verdictPath(component: String) -> String { "\(folder)/verdicts/\(component)" }

  /// The lock file of a component.
  package func lockPath(component: String) -> String { "\(folder)/\(component).lock" }

  /// The id of this installation; made on first use. A cloned machine shares it, a fresh one has its own.
  package func installation() throws(Failure) -> Identifier {
    if let text = try read("installation"), let identifier = Identifier(hex: text) { return identifier }
    let identifier = Identifier.random()
    try write(identifier.hex, to: "installation")
    return identifier
  }

  /// The highest authority statement known: what the key file pins, or what this host saw since.
  package func pin(atLeast pin: KeyFile.Pin) throws(Failure) -> KeyFile.Pin {
    guard let text = try read("authority") else { return pin }
    let parts = text.split(separator: " ").map(String.init)
    guard parts.count == 2, let number = UInt64(parts[0]), let name = Name(hex: parts[1]) else { return pin }
    return number > pin.number ? KeyFile.Pin(number: number, statement: name) : pin
  }

  /// Remembers the newest authority statement.
  package func remember(_ chain: AuthorityChain) throws(Failure) {
    let text = "\(chain.statement.number) \(chain.head.hex)"
    if try read("authority") != text { try write(text, to: "authority") }
  }

  /// The heads of a writer's history when this host last looked; nil if it never did.
  package func heads(of writer: Identifier) throws(Failure) -> [Name]? {
    try read("heads-\(writer.hex)")?.split(separator: "\n").compactMap { Name(hex: String($0)) }
  }

  /// Remembers the heads of a writer's history.
  package func remember(heads: [Name], of writer: Identifier) throws(Failure) {
    try write(heads.map(\.hex).sorted().joined(separator: "\n"), to: "heads-\(writer.hex)")
  }

  private func read(_ name: String) throws(Failure) -> String? {
    do throws(SystemError) {
      return String(decoding: try DurableFile.read("\(folder)/\(name)", limit: 1 << 20), as: UTF8.self)
    } catch {
      if error.number == ENOENT { return nil }
      throw HostState.failure(error)
    }
  }

  private func write(_ text: String, to name: String) throws(Failure) {
    do throws(SystemError) {
      try Array(text.utf8).withUnsafeBufferPointer { (bytes) throws(SystemError) in
        try DurableFile.replace("\(folder)/\(name)", UnsafeRawBufferPointer(bytes))
      }
    } catch {
      throw HostState.failure(error)
    }
  }

  private static func failure(_ error: SystemError) -> Failure {
    error.failure(
      .stateFailed, "local state cannot be kept",
      next: "Free space there, or name another folder with LIFEBOAT_STATE.")
  }
}
