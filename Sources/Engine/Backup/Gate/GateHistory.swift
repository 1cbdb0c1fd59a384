import Bytes
import FoundationEssentials
import Glibc
import Repository

/// The figures of a component's last whole dumps, kept in the state folder of its host: a writer cannot read its own
/// snapshots. Disposable; without it the next dump passes and begins a new one. Names of tables and counts of rows stand
/// there in clear, for whoever may read that folder.
struct GateHistory: Codable, Equatable, Sendable {
  /// So many runs are kept: one bad day does not move the median.
  static let length = 7
  private static let version = 1
  /// Bytes of the file at most: seven runs with a hundred thousand tables each.
  private static let limit = 64 << 20

  private var version = GateHistory.version
  /// The engine that the figures are of; those of another do not compare.
  private(set) var engine: String
  /// Oldest first.
  private(set) var runs: [GateReading]

  init(engine: String, runs: [GateReading] = []) {
    self.engine = engine
    self.runs = runs
  }

  /// Adds a whole dump.
  mutating func add(_ reading: GateReading) {
    runs.append(reading)
    if runs.count > GateHistory.length { runs.removeFirst(runs.count - GateHistory.length) }
  }

  /// Reads the history of a component.
  ///
  /// - Returns: nil where there is none, or what is there is of no use; then with the reason
  static func load(_ component: String, from state: HostState) -> (history: GateHistory?, problem: String?) {
    let path = state.bandsPath(component: component)
    let bytes: [UInt8]
    do throws(SystemError) {
      bytes = try DurableFile.read(path, limit: limit)
    } catch {
      return (nil, error.number == ENOENT ? nil : "\(path) cannot be read: \(error.reason)")
    }
    guard let history = try? JSONDecoder().decode(GateHistory.self, from: Data(bytes)), history.version == version,
      !history.runs.isEmpty, history.runs.count <= length
    else { return (nil, "\(path) is damaged") }
    return (history, nil)
  }

  /// Keeps the history of a component.
  func save(_ component: String, in state: HostState) throws(Failure) {
    let path = state.bandsPath(component: component)
    do {
      let data = try JSONEncoder().encode(self)
      try DurableFile.createFolder(DurableFile.folder(of: path))
      try Array(data).withUnsafeBytes { try DurableFile.replace(path, $0) }
    } catch {
      throw Failure(
        .stateFailed, "the figures of this dump cannot be kept: \((error as? SystemError)?.reason ?? "\(error)")",
        at: path)
    }
  }
}
