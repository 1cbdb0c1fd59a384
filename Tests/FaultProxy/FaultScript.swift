/// Decides which faults meet a request.
struct FaultScript {
  /// An effect and the place of its fault in the script.
  struct Choice {
    let fault: Int
    let effect: ProxyFault.Effect
  }

  private let faults: [ProxyFault]
  private var matched: [Int]
  private var chosen: [Int]
  private var done: [Int]
  private var random: UInt64

  init(_ faults: [ProxyFault], seed: UInt64) {
    self.faults = faults
    let zeros = Array(repeating: 0, count: faults.count)
    (matched, chosen, done) = (zeros, zeros, zeros)
    random = seed
  }

  /// What is to happen to a request: the first of the faults that meet it.
  mutating func choice(for request: RequestHead) -> Choice? {
    var choice: Choice?
    for (index, fault) in faults.enumerated() where fault.matches(request) {
      matched[index] += 1
      guard choice == nil, matched[index] >= fault.first, chosen[index] < fault.count, chance() < fault.probability
      else { continue }
      chosen[index] += 1
      choice = Choice(fault: index, effect: fault.effect)
    }
    return choice
  }

  /// Notes that an effect took place.
  mutating func note(_ choice: Choice) {
    if choice.fault < done.count { done[choice.fault] += 1 }
  }

  /// How often each fault took place.
  var happened: [Int] { done }

  /// From 0 to below 1 (SplitMix64).
  private mutating func chance() -> Double {
    random &+= 0x9e37_79b9_7f4a_7c15
    var value = random
    value = (value ^ (value >> 30)) &* 0xbf58_476d_1ce4_e5b9
    value = (value ^ (value >> 27)) &* 0x94d0_49bb_1331_11eb
    value ^= value >> 31
    return Double(value >> 11) / Double(1 << 53 as UInt64)
  }
}
