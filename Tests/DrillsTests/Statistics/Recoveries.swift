import Bytes
import Cryptography
import Drills
import Format
import Glibc
import TestKit

/// Records as recoveries leave them, made up.
enum Recoveries {
  static let day: UInt64 = 86_400_000_000_000
  /// Some day, in nanoseconds since 1970.
  static let start: UInt64 = 20_000 * day

  /// A record. `phases` are names and seconds, in order.
  static func record(
    _ phases: [(String, Double)], bytes: UInt64 = 1_000_000_000, component: String = "shop", drill: String = "lost",
    sort: Record.Sort = .drill, verdict: Record.Verdict = .proven, at time: UInt64 = start, kinds: [String] = [],
    origin: String? = nil, target: String? = nil, rto: Double? = nil, prediction: Record.Prediction? = nil,
    isBare: Bool = false
  ) -> Record {
    var particulars = Record.Particulars()
    particulars.origin = origin
    particulars.target = target
    particulars.prediction = prediction
    if !kinds.isEmpty {
      particulars.scenario = Record.Scenario(
        seed: 1, faults: kinds.map { Record.Scenario.Fault(kind: $0, detail: "", fired: 1) }, outcome: .automatic,
        steps: [])
    }
    let times = phases.map { Record.Phase(name: $0.0, nanoseconds: UInt64($0.1 * 1e9)) }
    return Record(
      sort: sort, drill: drill, component: component, snapshot: .zero, writer: .zero, writerKey: PublicKey(.zero),
      sequence: 1, parents: [], number: 1, started: time, verdict: verdict, checks: [], phases: times,
      ttr: times.reduce(0) { $0 + $1.nanoseconds.value }, rto: rto.map { UInt64($0 * 1e9) }, rpo: nil, dataAge: nil,
      bytes: bytes, tool: "test", particulars: isBare ? nil : particulars)
  }

  /// A record that took so many seconds in one phase.
  static func taking(
    _ seconds: Double, bytes: UInt64 = 1_000_000_000, component: String = "shop", sort: Record.Sort = .drill,
    verdict: Record.Verdict = .proven, at time: UInt64 = start, kinds: [String] = [], origin: String? = nil,
    rto: Double? = nil, prediction: Record.Prediction? = nil
  ) -> Record {
    record(
      [("last byte", seconds)], bytes: bytes, component: component, sort: sort, verdict: verdict, at: time,
      kinds: kinds,
      origin: origin, rto: rto, prediction: prediction)
  }
}

/// A machine on which recoveries take known times.
struct Machine {
  /// Seconds, and seconds a gigabyte, by phase.
  static let phases: [(name: String, fixed: Double, perGigabyte: Double)] = [
    ("keys unlocked", 0.3, 0), ("repository opened", 0.5, 0), ("index loaded", 0.2, 0.1), ("first byte", 0.2, 0),
    ("last byte", 0.1, 6), ("data loaded", 1, 9), ("indexes built", 0, 5), ("check: manifest", 0.1, 3),
    ("unattributed", 0.05, 0),
  ]
  /// The standard deviation of the logarithm of a recovery's time: of the whole, and of each phase beside.
  let noise: Double
  var random: RandomSource

  init(noise: Double, seed: UInt64) {
    self.noise = noise
    random = RandomSource(seed: seed)
  }

  /// What a recovery takes on average but for the noise, in seconds.
  static func truth(_ bytes: UInt64) -> Double {
    phases.reduce(0) { $0 + $1.fixed + $1.perGigabyte * Double(bytes) / 1e9 }
  }

  private mutating func factor(_ deviation: Double) -> Double {
    let uniform = { (random: inout RandomSource) in Double.random(in: 1e-9..<1, using: &random) }
    let normal = (-2 * log(uniform(&random))).squareRoot() * cos(2 * .pi * uniform(&random))
    return exp(deviation * normal)
  }

  mutating func recover(_ bytes: UInt64) -> Record {
    let whole = factor(noise)
    var times: [(String, Double)] = []
    for phase in Machine.phases {
      let time = phase.fixed + phase.perGigabyte * Double(bytes) / 1e9
      times.append((phase.name, time * whole * factor(noise / 2)))
    }
    return Recoveries.record(times, bytes: bytes)
  }
}
