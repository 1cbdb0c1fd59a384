import Bytes
import Cryptography
import Pipeline

extension StoreCheck {
  private static let small = 4096
  private static let large = 16 << 20
  /// Where the first large object takes longer, in nanoseconds, no more than it are sent.
  private static let patience: UInt64 = 10_000_000_000

  /// How fast small and large objects go there and come back, one at a time and four at once.
  func checkSpeed() throws(Failure) {
    if let reason = reasonAgainst(true, "") { return find(.access, "speed", .untried, reason) }
    try measure(StoreCheck.small, threads: 1, count: 20)
    try measure(StoreCheck.small, threads: 4, count: 40)
    try measure(StoreCheck.large, threads: 1, count: 1)
    guard let first = report.rates.last(where: { $0.size == StoreCheck.large && $0.kind == .put }) else { return }
    if first.nanoseconds > StoreCheck.patience { return }
    // The first one also warmed things up: what counts is measured anew.
    report.rates.removeAll { $0.size == StoreCheck.large }
    try measure(StoreCheck.large, threads: 1, count: 4)
    try measure(StoreCheck.large, threads: 4, count: 12)
  }

  private func measure(_ size: Int, threads: Int, count: Int) throws(Failure) {
    let source = SpeedSource(size)
    let canaries = canaries
    let name = "speed-\(size)-\(threads)-\(report.rates.count)"
    try rate(.put, size, threads, count) { (index) throws(Failure) in
      try source.withBytes { (bytes) throws(Failure) in
        try canaries.put("\(name)-\(index)", bytes, digest: source.digest).isSuccess
      }
    }
    guard report.facts.mayGet == true else { return }
    let (requests, headers) = (requests, store.customerKey)
    try rate(.get, size, threads, count) { (index) throws(Failure) in
      var room = Buffer(capacity: size)
      return try room.withCapacity { (target) throws(Failure) in
        let answer = try requests.ask(
          S3Request("GET", key: canaries.key("\(name)-\(index)"), headers: headers),
          body: UnsafeRawBufferPointer(start: nil, count: 0), into: .buffer(target, skipping: 0))
        return answer.isSuccess && answer.count == size
      }
    }
  }

  private func rate(
    _ kind: StoreRate.Kind, _ size: Int, _ threads: Int, _ count: Int,
    _ body: @escaping @Sendable (Int) throws(Failure) -> Bool
  ) throws(Failure) {
    let watch = Stopwatch()
    let times = try CheckThreads.run(threads) { (number) throws(Failure) in
      var times: [UInt64] = []
      for index in stride(from: number, to: count, by: threads) {
        let one = Stopwatch()
        guard try body(index) else { continue }
        times.append(one.nanoseconds)
      }
      return times
    }.flatMap { $0 }.sorted()
    guard times.count == count else {
      return find(
        .access, "speed", .unclear, "\(count - times.count) of \(count) requests (\(kind.rawValue)) were refused")
    }
    report.rates.append(
      StoreRate(
        kind: kind, size: size, threads: threads, count: count, nanoseconds: watch.nanoseconds,
        median: times[times.count / 2]))
  }
}

/// Bytes that cannot be compressed on the way, shared by all threads.
private final class SpeedSource: @unchecked Sendable {
  private let buffer: UnsafeMutableRawBufferPointer
  let digest: Name

  init(_ size: Int) {
    buffer = .allocate(byteCount: size, alignment: 16)
    Randomness.fill(buffer)
    digest = ObjectDigest.name(of: UnsafeRawBufferPointer(buffer))
  }

  deinit { buffer.deallocate() }

  func withBytes<Result>(_ body: (UnsafeRawBufferPointer) throws(Failure) -> Result) throws(Failure) -> Result {
    try body(UnsafeRawBufferPointer(buffer))
  }
}
