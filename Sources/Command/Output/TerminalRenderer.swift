import Bytes
import Engine
import Glibc
import Pipeline
import Synchronization

/// For a person at a terminal: a line on standard error that is written over and over while a run goes on.
final class TerminalRenderer: Renderer {
  private struct State {
    var step = ""
    var hasLine = false
    var talk = OutageTalk()
  }

  private let streams: StandardStreams
  private let state = Mutex(State())

  let progressInterval: UInt64 = 200_000_000

  init(_ streams: StandardStreams) { self.streams = streams }

  func show(_ event: Event, of subject: String) {
    state.withLock { state in
      switch event {
      case .step(let step): state.step = step
      case .note(let text): write("lifeboat: note: \(SafeText.line(text))\n", &state)
      case .warning(let text): write("lifeboat: warning: \(SafeText.line(text))\n", &state)
      case .progress(let reading):
        let step = state.step.isEmpty ? "" : " \(state.step)"
        let wait = state.talk.hasBegun ? ", waiting for the store" : ""
        let line = "\(SafeText.line(subject))\(step): \(ProgressText.of(reading))\(wait)"
        streams.errors.write("\r\(line.prefix(max(20, TerminalRenderer.width() - 1)))\u{1b}[K")
        state.hasLine = true
      case .store(let notice):
        if let text = state.talk.hear(notice, at: MonotonicClock.awake()) {
          write("lifeboat: \(SafeText.line(text))\n", &state)
        }
      }
    }
  }

  func say(_ statement: Statement) {
    state.withLock { state in
      clear(&state)
      streams.output.write(statement.lines.map { SafeText.of($0) + "\n" }.joined())
    }
  }

  func fail(_ failure: Failure) {
    state.withLock { state in write(ErrorText.of(failure), &state) }
  }

  private func write(_ text: String, _ state: inout State) {
    clear(&state)
    streams.errors.write(text)
  }

  private func clear(_ state: inout State) {
    if state.hasLine { streams.errors.write("\r\u{1b}[K") }
    state.hasLine = false
  }

  /// Columns of the terminal, asked again each time: windows change.
  private static func width() -> Int {
    var size = winsize()
    return ioctl(2, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0 ? Int(size.ws_col) : 80
  }
}
