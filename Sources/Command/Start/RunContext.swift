import Bytes
import Engine
import Glibc
import Pipeline
import Store
import Synchronization

/// What a running command works with: the stop of the process, a voice, and the environment.
final class RunContext: Sendable {
  let stop: StopSignal
  let environment: [String: String]
  /// Standard output, for commands that write data themselves.
  let streams: StandardStreams
  private let renderer: any Renderer
  private let voice: LineWriter
  private let hasWarned = Atomic<Bool>(false)
  private let tally = Mutex(StoreTally())
  private let worst = Mutex<Failure.Code?>(nil)
  /// Stands before what is said of one of several subjects.
  private let subject: String
  /// The context of all subjects, which keeps the score.
  private let whole: RunContext?

  init(_ command: any LifeboatCommand, _ streams: StandardStreams, stop: StopSignal) {
    self.stop = stop
    self.streams = streams
    subject = ""
    whole = nil
    environment = Environment.all()
    voice = command.sendsDataToOutput ? streams.errors : streams.output
    if command.output.json {
      renderer = JSONRenderer(voice, isQuiet: command.isQuiet)
    } else if isatty(2) == 1, !command.isQuiet, environment["TERM"] != "dumb" {
      renderer = TerminalRenderer(streams)
    } else {
      renderer = PlainRenderer(streams, isQuiet: command.isQuiet)
    }
  }

  private init(_ whole: RunContext, of subject: String) {
    stop = whole.stop
    streams = whole.streams
    environment = whole.environment
    renderer = whole.renderer
    voice = whole.voice
    self.subject = subject
    self.whole = whole
  }

  /// The same for one of several subjects: its warnings and notes begin with it.
  func speaking(of subject: String) -> RunContext { RunContext(self, of: subject) }

  /// A variable of the environment; nil if it is not set, or empty.
  func value(_ variable: String) -> String? { environment[variable].flatMap { $0.isEmpty ? nil : $0 } }

  /// Gets the events of a run; remembers that there was a warning.
  var events: EventSink { { [self] event in show(event) } }

  /// What stores are opened with.
  var surroundings: StoreSurroundings {
    StoreSurroundings(environment: environment, stop: stop) { [self] notice in
      (whole ?? self).tally.withLock { $0.hear(notice) }
      show(Event(notice))
    }
  }

  func warn(_ text: String) { show(.warning(text)) }

  func note(_ text: String) { show(.note(text)) }

  /// Lets the run end with warnings; what there is to warn of was said in another way.
  func noteWarning() { (whole ?? self).hasWarned.store(true, ordering: .relaxed) }

  /// Tells of a failure that does not end the command; the worst of them decides the exit status.
  func report(_ failure: Failure) {
    renderer.fail(failure)
    worst.withLock { worst in
      if WorstFailure.rank(failure.code) > worst.map(WorstFailure.rank) ?? -1 { worst = failure.code }
    }
  }

  /// Says what a command found or did.
  func say(_ statement: Statement) { renderer.say(statement) }

  /// Runs `body` while showing every now and then how far it is.
  func tracking<Result>(
    _ subject: String, _ read: @escaping @Sendable () -> ProgressReading?,
    _ body: () throws(Failure) -> Result
  ) throws(Failure) -> Result {
    let ticker = ProgressTicker(interval: interval, read: read) { [renderer] in
      renderer.show(.progress($0), of: subject)
    }
    defer { ticker.end() }
    return try body()
  }

  /// The exit status of a run that came to its end.
  func finish(promisesOutput: Bool) -> Int32 {
    sumUp()
    if let worst = worst.withLock({ $0 }) { return worst.exitStatus }
    guard let broken = voice.failure else { return hasWarned.load(ordering: .relaxed) ? 1 : 0 }
    guard promisesOutput else {
      PlainRenderer(streams, isQuiet: false).show(.warning(broken.description), of: "")
      return 1
    }
    return finish(failing: broken)
  }

  /// The exit status of a run that failed.
  func finish(failing failure: Failure) -> Int32 {
    sumUp()
    renderer.fail(failure)
    if voice.failure != nil { PlainRenderer(streams, isQuiet: false).fail(failure) }
    return failure.code.exitStatus
  }

  /// Says once what the stores had to say in all.
  private func sumUp() {
    let sum = tally.withLock { tally in
      defer { tally = StoreTally() }
      return tally
    }
    for text in sum.notes { note(text) }
    for text in sum.warnings { warn(text) }
  }

  private func show(_ event: Event) {
    if case .warning = event { noteWarning() }
    renderer.show(subject.isEmpty ? event : event.speaking(of: subject), of: subject)
  }

  /// Nanoseconds between two looks at the progress; `LIFEBOAT_PROGRESS_INTERVAL` gives other seconds.
  private var interval: UInt64 {
    if let told = environment["LIFEBOAT_PROGRESS_INTERVAL"].flatMap(Double.init), (0.01...86_400).contains(told) {
      return UInt64(told * 1e9)
    }
    return renderer.progressInterval
  }
}

/// Which of several failures decides the exit status: that which a person must look at first.
enum WorstFailure {
  private static let order: [Int32] = [7, 8, 10, 9, 2, 3, 4, 5, 6, 70]

  /// The higher, the worse.
  static func rank(_ code: Failure.Code) -> Int { order.firstIndex(of: code.exitStatus) ?? order.count }
}

extension Event {
  fileprivate func speaking(of subject: String) -> Event {
    switch self {
    case .note(let text): .note("\(subject): \(text)")
    case .warning(let text): .warning("\(subject): \(text)")
    case .step, .progress, .store: self
    }
  }
}

/// The variables of this process.
enum Environment {
  static func all() -> [String: String] {
    var variables: [String: String] = [:]
    var cursor = environ
    while let entry = cursor.pointee {
      let text = String(cString: entry)
      if let split = text.utf8.firstIndex(of: UInt8(ascii: "=")) {
        variables[String(text[..<split])] = String(text[text.utf8.index(after: split)...])
      }
      cursor += 1
    }
    return variables
  }
}
