/// How the time of a phase goes with the size of the dump.
///
/// What prepares a recovery, asks for a key, opens a repository, starts a server, is the same for any size; a slope that
/// chance gives it would only be multiplied by the next size. What moves or looks at data has a fixed part and one for
/// each byte. Of a phase that is not known here, measuring decides.
enum PhaseScaling: Sendable {
  /// A person was waited for: no model knows how long.
  case human
  /// The same for any size.
  case fixed
  /// Fixed and per byte; where all records have one size, wholly per byte.
  case data
  /// Fixed and per byte; where all records have one size, wholly fixed.
  case open

  /// - Parameter name: of a phase, as records have it
  init(phase name: String) {
    if name.hasPrefix(PhaseScaling.check) || name.hasPrefix(PhaseScaling.step) {
      self = .data
      return
    }
    self = PhaseScaling.known[name] ?? .open
  }

  private static let check = Phase.check("").name
  private static let step = Phase.step("").name
  private static let known: [String: PhaseScaling] = {
    let human: [Phase] = [.decision, .passphrase]
    let fixed: [Phase] = [.unlock, .open, .choose, .target, .examined, .firstByte, .settled, .firstQuery]
    let data: [Phase] = [.lastByte, .ready, .loaded, .indexes, .analyzed]
    let all = human.map { ($0, PhaseScaling.human) } + fixed.map { ($0, .fixed) } + data.map { ($0, .data) }
    return Dictionary(all.map { ($0.0.name, $0.1) }) { first, _ in first }
  }()
}
