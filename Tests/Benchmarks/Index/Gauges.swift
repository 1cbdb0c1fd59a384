import Bytes
import Glibc

/// Prints how long a step took, and the anonymous memory after it.
func timed(_ what: String, _ body: () throws -> Void) throws {
  let start = now()
  try body()
  say("\(what): \(Double(Int((now() - start) * 1000)) / 1000) s; anonymous memory \(memory("RssAnon")) MB")
}

/// Seconds.
func now(_ clock: clockid_t = CLOCK_MONOTONIC) -> Double {
  var time = timespec()
  clock_gettime(clock, &time)
  return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}

/// A line of `/proc/self/status`, in megabytes.
func memory(_ field: String) -> Int {
  guard let bytes = try? DurableFile.read("/proc/self/status", limit: 1 << 16) else { return 0 }
  let line = String(decoding: bytes, as: UTF8.self).split(separator: "\n").first { $0.hasPrefix("\(field):") }
  return (line?.split(whereSeparator: { !$0.isNumber }).first.flatMap { Int($0) } ?? 0) / 1024
}
