import Bytes
import Pipeline

/// Roles and tablespaces of a dump, as far as the target lacks them.
enum GlobalsLoad {
  /// Runs the script statement by statement: what is there already is left as it is.
  ///
  /// - Returns: what the server did not take, for other reasons than that it has it
  static func run(
    _ streams: any StreamProvider, _ server: LoadServer, _ state: TargetState, stop: StopSignal
  ) throws(Failure) -> [String] {
    let name = Array("globals.sql".utf8)
    guard streams.streams.contains(where: { $0.name == name }) else {
      throw Failure(
        .usage, "the snapshot has no roles", next: "Create them by hand, or leave --with-globals out.")
    }
    var command = server.connection.command(
      server.tools.path("psql"), ["-X", "-w", "-q", "-d", server.string(server.server.maintenance)])
    command.input = .bytes(sparing(state.roles.keys, try streams.read(name, limit: 64 << 20, stop: stop)))
    let result = try Child.run(command, stop: stop)
    guard result.exit.succeeded else {
      throw server.failure("psql failed in globals.sql", result.errorText, in: server.server.maintenance)
    }
    let text = server.connection.redaction.clean(result.errorText)
    return text.split(separator: "\n").filter { $0.contains("ERROR:") && !$0.contains("already exists") }.map {
      "globals.sql: \($0)"
    }
  }

  /// The script without changes to roles that are there: neither their rights nor their passwords are what they were
  /// elsewhere.
  static func sparing(_ roles: some Sequence<[UInt8]>, _ script: [UInt8]) -> [UInt8] {
    let head = Array("ALTER ROLE ".utf8)
    let spared = Set(roles.flatMap { [$0, PostgreSQLText.identifier($0)] })
    var kept: [UInt8] = []
    for line in script.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
      if line.starts(with: head) {
        let rest = line.dropFirst(head.count)
        let isQuoted = rest.first == UInt8(ascii: "\"")
        let end = isQuoted ? endOfQuoted(rest) : rest.firstIndex(of: UInt8(ascii: " ")) ?? rest.endIndex
        if spared.contains(Array(rest[..<end])) { continue }
      }
      kept += line + [UInt8(ascii: "\n")]
    }
    return kept
  }

  private static func endOfQuoted(_ text: ArraySlice<UInt8>) -> Int {
    var place = text.startIndex + 1
    while place < text.endIndex {
      if text[place] == UInt8(ascii: "\"") {
        guard place + 1 < text.endIndex, text[place + 1] == UInt8(ascii: "\"") else { return place + 1 }
        place += 1
      }
      place += 1
    }
    return text.endIndex
  }
}
