package import Bytes
package import Pipeline
package import Profiles

/// What a component is dumped from.
package protocol DumpSource: Sendable {
  /// Checks everything that can be checked before anything is written: the tool is there, the file can be read, the
  /// scratch space suffices. Throws what prevents a dump.
  func prepare(stop: StopSignal) throws(Failure) -> SourceDescription

  /// Dumps into `sink`, after `prepare`.
  ///
  /// - Returns: the verdict. A dump that was made but can't be trusted is `quarantined`, never an error: what there is
  ///   of it is stored and named, and no one takes it for a backup.
  /// - Throws: what prevented any dump, what the sink threw, and the reason of a stopped run.
  func dump(into sink: any StreamSink, stop: StopSignal) throws(Failure) -> DumpOutcome

  /// How many streams it hands over at the same time at most; each takes memory of its own.
  var parallelStreams: Int { get }
}

extension DumpSource {
  /// One after the other.
  package var parallelStreams: Int { 1 }
}

/// What is dumped.
package struct SourceDescription: Sendable, Equatable {
  /// The engine, such as `sqlite`; for a command whatever its profile says, otherwise `command`.
  package var engine: String
  /// The engine's or its tool's version; empty where nobody knows it.
  package var version: String
  /// Which one it is: the absolute path of a database or folder, the program's name.
  package var identity: String
  /// About how many bytes the streams will have in all; nil where nobody knows.
  package var expectedSize: UInt64?
  /// What a person should know, though nothing is wrong.
  package var notes: [String]
  /// How far a replica that is dumped is at most behind its primary: what is dumped is that much older than it looks.
  package var lag: Seconds?

  package init(
    engine: String, version: String = "", identity: String, expectedSize: UInt64? = nil, notes: [String] = [],
    lag: Seconds? = nil
  ) {
    self.engine = engine
    self.version = version
    self.identity = identity
    self.expectedSize = expectedSize
    self.notes = notes
    self.lag = lag
  }
}

/// How a dump went.
package struct DumpOutcome: Sendable, Equatable {
  /// Whether the dump counts.
  package enum Verdict: Sendable, Equatable {
    /// It is whole.
    case complete
    /// It was made but can't be trusted, for these reasons; never empty.
    case quarantined([String])
  }

  /// Whether the dump counts.
  package var verdict: Verdict
  /// What was dumped, as it truly was; nil where the source can't know. The engine adds the streams.
  package var truth: TruthManifest?
  /// What a person must look at though the dump is whole: the run ends with warnings.
  package var warnings: [String]
  /// The end of what the tool printed as errors, without secrets.
  package var errorText: String

  package init(verdict: Verdict, truth: TruthManifest? = nil, warnings: [String] = [], errorText: String = "") {
    self.verdict = verdict
    self.truth = truth
    self.warnings = warnings
    self.errorText = errorText
  }

  /// Complete without reasons, quarantined with them.
  static func verdict(_ reasons: [String]) -> Verdict { reasons.isEmpty ? .complete : .quarantined(reasons) }
}

/// The source that a profile asks for.
package enum DumpSources {
  /// Makes the source; checks nothing yet.
  package static func make(_ settings: SourceSettings) -> any DumpSource {
    switch settings {
    case .sqlite(let settings): SQLiteSource(settings)
    case .command(let settings): CommandSource(settings)
    case .standardInput(let settings): StandardInputSource(settings)
    case .directory(let settings): DirectorySource(settings)
    case .postgresql(let settings): PostgreSQLSource(settings)
    case .mariadb(let settings): MariaDBSource(settings)
    case .redis(let settings): RedisSource(settings)
    }
  }
}
