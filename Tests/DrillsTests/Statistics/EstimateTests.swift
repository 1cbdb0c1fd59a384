import Drills
import Format
import TestKit
import Testing

@Suite("Estimates of the time to recover")
struct EstimateTests {
  private static let sizes: [UInt64] = [500, 1_000, 2_000, 4_000, 8_000].map { $0 * 1_000_000 }

  private func prediction(_ records: [Record], _ bytes: UInt64, scenario: ScenarioKey = .calm) throws
    -> Record.Prediction
  {
    try #require(Estimate.make(component: "shop", bytes: bytes, scenario: scenario, in: records))
  }

  private func seconds(_ prediction: Record.Prediction) -> Double { Double(prediction.ttr.value) / 1e9 }

  @Test("five drills at five sizes tell another size within 20 %, and the interval holds about four of five recoveries")
  func level() throws {
    for (size, least, most) in [(3_000, 0.75, 0.95), (12_000, 0.75, 0.97)] {
      var within = 0
      let rounds = 300
      for seed in 0..<rounds {
        var machine = Machine(noise: 0.06, seed: UInt64(seed) &* 7_919 &+ UInt64(size))
        let records = EstimateTests.sizes.map { machine.recover($0) }
        let bytes = UInt64(size) * 1_000_000
        let said = try prediction(records, bytes)
        #expect(abs(seconds(said) / Machine.truth(bytes) - 1) < 0.2, "seed \(seed)")
        #expect(said.low.value <= said.ttr.value && said.ttr.value <= said.high.value && said.records == 5)
        if (said.low.value...said.high.value).contains(machine.recover(bytes).ttr.value) { within += 1 }
      }
      let share = Double(within) / Double(rounds)
      #expect((least...most).contains(share), "\(size) MB: \(share)")
    }
  }

  @Test("five drills at three sizes tell a fourth within 20 %", arguments: [1_500, 6_000] as [UInt64])
  func threeSizes(size: UInt64) throws {
    for seed in 0..<200 {
      var machine = Machine(noise: 0.05, seed: UInt64(seed) + 1_000)
      let records = [1_000, 2_000, 3_000, 1_000, 3_000].map { machine.recover($0 * 1_000_000) }
      let bytes = size * 1_000_000
      #expect(abs(seconds(try prediction(records, bytes)) / Machine.truth(bytes) - 1) < 0.2, "seed \(seed)")
    }
  }

  @Test("more records narrow the interval to the noise, and not further")
  func narrowing() throws {
    var machine = Machine(noise: 0.1, seed: 5)
    var records: [Record] = []
    var widths: [Double] = []
    for round in 1...60 {
      records.append(machine.recover(EstimateTests.sizes[round % 5]))
      let said = try prediction(records, 2_000_000_000)
      widths.append((Double(said.high.value) - Double(said.low.value)) / Double(said.ttr.value))
    }
    #expect(widths[0] > 1.4 && widths[59] < 0.5 && widths[59] > 0.2, "\(widths)")
  }

  @Test("an estimate never falls with size, is never negative, and lies within its interval: random records")
  func monotone() throws {
    try fuzz(seed: 11, count: 300) { _, random in
      let names = Machine.phases.map(\.name) + ["passphrase given", "a phase of tomorrow", "step: load"]
      let records = (0..<random.number(in: 1...8)).map { _ in
        let phases = names.filter { _ in random.number(in: 0...4) > 0 }
          .map { ($0, Double(random.number(in: 0...1_000_000)) / 1e4) }
        return Recoveries.record(phases, bytes: UInt64(random.number(in: 0...3)) * 700_000_000)
      }
      var last: UInt64 = 0
      for size in [0, 1, 1_000, 700_000_000, 2_000_000_000, 1 << 40, .max] as [UInt64] {
        let said = try prediction(records, size)
        #expect(said.ttr.value >= last && said.low.value <= said.ttr.value && said.ttr.value <= said.high.value)
        // Thirty years are as good as any more, and can still be printed.
        #expect(said.high.value <= 1_000_000_000_000_000_000)
        last = said.ttr.value
      }
    }
  }

  @Test("one record is enough for an estimate, which says how little it knows")
  func one() throws {
    let record = Recoveries.record([("repository opened", 2), ("last byte", 10), ("unattributed", 1)])
    let same = try prediction([record], 1_000_000_000)
    #expect(same.ttr.value == 13_000_000_000 && same.records == 1)
    #expect(same.low.value <= 6_500_000_000 && same.high.value >= 26_000_000_000)
    // What moves data grows with it, what prepares does not; and either may be wrong.
    let double = try prediction([record], 2_000_000_000)
    #expect(double.ttr.value == 23_000_000_000 && double.high.value >= 52_000_000_000)
    let estimate = try #require(Estimate(component: "shop", bytes: 2_000_000_000, in: [record]))
    #expect(estimate.parts.map(\.isMeasured) == [true, false, false] && !estimate.isFar)
  }

  @Test("there is none without a proven recovery of the component under the scenario")
  func none() {
    let records = [
      Recoveries.taking(1, verdict: .failed), Recoveries.taking(1, verdict: .inconclusive),
      Recoveries.taking(1, component: "orders"), Recoveries.taking(1, kinds: ["resets"]),
    ]
    #expect(Estimate.make(component: "shop", bytes: 1, scenario: .calm, in: records) == nil)
    #expect(Estimate.make(component: "shop", bytes: 1, scenario: ScenarioKey(["stalls"]), in: records) == nil)
    #expect(Estimate.make(component: "shop", bytes: 1, scenario: ScenarioKey(["resets"]), in: records) != nil)
  }

  @Test("the newest record says what the next recovery does: a check that is gone is not predicted")
  func phasesOfTheNewest() throws {
    let old = Recoveries.record([("last byte", 10), ("check: long", 100)])
    let new = Recoveries.record([("last byte", 10)], at: Recoveries.start + 1)
    #expect(seconds(try prediction([old, old, new], 1_000_000_000)) == 10)
    #expect(seconds(try prediction([new, old], 1_000_000_000)) == 10)
    let named = Estimate.make(
      component: "shop", bytes: 1_000_000_000, scenario: .calm, drill: "long",
      in: [Recoveries.record([("last byte", 10), ("check: long", 100)], drill: "long"), new])
    #expect(named.map(seconds) == 110)
  }

  @Test("what was restored to another kind of target is another recovery; another version of it is not")
  func targets() throws {
    let folder = Recoveries.record([("last byte", 1)])
    let server = Recoveries.record([("last byte", 50)], at: Recoveries.start + 1, target: "scratch postgresql 15.14")
    let newer = Recoveries.record([("last byte", 70)], at: Recoveries.start + 2, target: "scratch postgresql 16.1")
    #expect(try prediction([folder, server], 1_000_000_000).records == 1)
    #expect(try prediction([folder, server, newer], 1_000_000_000).records == 2)
    let wanted = Estimate.make(
      component: "shop", bytes: 1_000_000_000, scenario: .calm, target: "scratch folder", in: [folder, server])
    #expect(wanted.map(seconds) == 1)
  }

  @Test(
    "real recoveries are no ground for an estimate while there are drills; how long people take is no model's business")
  func people() throws {
    let real = Recoveries.record([("decision to restore", 3_600), ("last byte", 20)], sort: .recovery)
    let drill = Recoveries.record([("passphrase given", 5), ("last byte", 10)], at: Recoveries.start - 1)
    #expect(seconds(try prediction([drill, real], 1_000_000_000)) == 15)
    let slow = Recoveries.record([("passphrase given", 90), ("last byte", 10)], at: Recoveries.start - 2)
    let said = try prediction([slow, slow, drill], 1_000_000_000)
    #expect(seconds(said) == 100 && said.low.value < 16_000_000_000)
    #expect(seconds(try prediction([real], 2_000_000_000)) == 3_640)
  }

  @Test("one recovery on a machine that did something else does not bend the estimate much")
  func outlier() throws {
    var records = (1...8).map { Recoveries.taking(Double($0) * 10, bytes: UInt64($0) * 1_000_000_000) }
    records[5] = Recoveries.taking(600, bytes: 6_000_000_000)
    let said = try prediction(records, 4_500_000_000)
    #expect(abs(seconds(said) / 45 - 1) < 0.2, "\(seconds(said))")
    #expect(said.high.value >= 400_000_000_000)
  }

  @Test("the objective breaks at the size that the model says, and on the day that growth says")
  func objective() throws {
    // Two seconds, and ten for each gigabyte.
    let records = [1, 2, 3, 4].map { size in
      Recoveries.record(
        [("repository opened", 2), ("last byte", 10 * Double(size))], bytes: size * 1_000_000_000)
    }
    let dumps: [(time: UInt64, bytes: UInt64)] = (0..<10).map { number in
      (Recoveries.start + number * Recoveries.day, 3_100_000_000 + number * 100_000_000)
    }
    let growth = try #require(SizeGrowth(dumps))
    #expect(abs(growth.perDay - 1e8) < 1 && growth.bytes == 4_000_000_000)
    func estimate(_ rto: UInt64?) throws -> Estimate {
      try #require(
        Estimate(
          component: "shop", bytes: 4_000_000_000, rto: rto.map { $0 * 1_000_000_000 }, growth: growth, in: records))
    }
    let safe = try estimate(102)
    #expect(safe.outlook == .safe)
    #expect(safe.breakingBytes.map { $0.distance(to: 10_000_000_000).magnitude < 1_000 } == true)
    let time = Recoveries.start + 69 * Recoveries.day
    #expect(safe.breakingTime.map { $0.distance(to: time).magnitude < Recoveries.day } == true)
    #expect(try estimate(45).outlook == .near && estimate(52).outlook == .near && estimate(41).outlook == .over)
    #expect(try estimate(nil).outlook == .unset && estimate(1).breakingBytes == nil)
  }

  @Test("growth needs three dumps and a day, and dumps that shrink reach nothing")
  func growth() throws {
    let day = Recoveries.day
    #expect(SizeGrowth([(0, 1), (day, 2)]) == nil && SizeGrowth([(0, 1), (1, 2), (day - 1, 3)]) == nil)
    let down: [(time: UInt64, bytes: UInt64)] = [(0, 30), (day, 20), (2 * day, 10)]
    let shrinking = try #require(SizeGrowth(down))
    #expect(shrinking.time(reaching: 11) == nil && shrinking.time(reaching: 10) == 2 * day && shrinking.perDay < 0)
    let level: [(time: UInt64, bytes: UInt64)] = [(0, 30), (day, 30), (2 * day, 30)]
    let still = try #require(SizeGrowth(level))
    #expect(still.time(reaching: 31) == nil)
  }
}
