import Glibc

/// What one stage did with a whole file on one core.
struct Measurement {
  /// What the stage is called in the report.
  let name: String
  /// The bytes that went in.
  let bytes: Int
  /// The bytes that came out; nil where that says nothing.
  let output: Int?
  /// The CPU time of the thread: on a busy machine still the stage's own.
  let seconds: Double

  /// Millions of bytes a second.
  var rate: Double { Double(bytes) / max(seconds, 1e-9) / 1e6 }
}

/// Measures the CPU time of this thread.
enum Stopwatch {
  /// Runs `body`, which returns the bytes that came out, and says how long it took.
  static func measure<Problem: Error>(
    _ name: String, bytes: Int, _ body: () throws(Problem) -> Int?
  ) throws(Problem) -> Measurement {
    let start = now()
    let output = try body()
    return Measurement(name: name, bytes: bytes, output: output, seconds: now() - start)
  }

  private static func now() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }
}
