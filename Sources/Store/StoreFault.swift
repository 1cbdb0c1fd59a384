package import Bytes

/// One scripted fault: which call it meets, and what happens to it.
package struct StoreFault: Sendable {
  /// The kind of call; nil for any.
  package var call: StoreCall?
  /// Only calls whose path, or listing prefix, begins so.
  package var prefix: String
  /// Which of the matching calls are hit.
  package var draw: Draw
  /// Only once so many bytes of parts of objects were read through the script, those that the call asks for included.
  package var afterBytes: UInt64
  /// Only while this holds; asked for each matching call, by any thread.
  package var isOn: @Sendable () -> Bool
  /// What happens to them.
  package var effect: Effect

  /// - Parameters:
  ///   - effect: what happens
  ///   - call: the kind of call, nil for any
  ///   - prefix: the beginning of the path; empty for any
  ///   - first: which of the matching calls is hit first, from 1
  ///   - count: how many are hit, `Int.max` for all from there on
  package init(_ effect: Effect, on call: StoreCall? = nil, at prefix: String = "", first: Int = 1, count: Int = 1) {
    precondition(first > 0 && count > 0)
    self.init(effect, on: call, at: prefix, draw: .row(first: first, count: count))
  }

  /// - Parameters:
  ///   - effect: what happens
  ///   - call: the kind of call, nil for any
  ///   - prefix: the beginning of the path; empty for any
  ///   - draw: which of the matching calls are hit
  ///   - afterBytes: how much has to be read before
  ///   - isOn: asked for each matching call
  package init(
    _ effect: Effect, on call: StoreCall? = nil, at prefix: String = "", draw: Draw, afterBytes: UInt64 = 0,
    isOn: @escaping @Sendable () -> Bool = { true }
  ) {
    self.effect = effect
    self.call = call
    self.prefix = prefix
    self.draw = draw
    self.afterBytes = afterBytes
    self.isOn = isOn
  }

  /// Which of the matching calls are hit. They are counted from 1, so that the same script hits the same ones.
  package enum Draw: Sendable, Equatable {
    /// So many in a row.
    case row(first: Int, count: Int)
    /// This share of them, from 0 to 1, in storms of so many in a row, whose places the seed draws.
    case storms(share: Double, length: Int, seed: UInt64)
    /// So many of them, never two in a row, whose places the seed draws: one among the first three, and among each
    /// three that follow.
    case single(count: Int, seed: UInt64)

    /// Whether the call of this number is hit.
    package func hits(_ number: Int) -> Bool {
      switch self {
      case .row(let first, let count): return number >= first && number - first < count
      case .storms(let share, let length, let seed):
        guard share < 1 else { return true }
        // As many calls as one storm stands for: the first storm comes among the first of them, and the share is met
        // wherever one stops counting. A length that is drawn for each call alone would not come in storms.
        let period = max(length, Int((Double(length) / max(share, 1e-6)).rounded()))
        let (round, place) = (number - 1).quotientAndRemainder(dividingBy: period)
        let start = Int(StoreFault.number(seed, UInt64(round)) % UInt64(period - length + 1))
        return place >= start && place < start + length
      case .single(let count, let seed):
        let (round, place) = (number - 1).quotientAndRemainder(dividingBy: 3)
        return round < count && place == Int(StoreFault.number(seed, UInt64(round)) % 2)
      }
    }
  }

  /// A number that two others draw, the same in every run (SplitMix64: G. Steele, D. Lea, C. Flood, Fast Splittable
  /// Pseudorandom Number Generators, OOPSLA 2014).
  package static func number(_ seed: UInt64, _ index: UInt64) -> UInt64 {
    var mixed = seed &+ (index &+ 1) &* 0x9e37_79b9_7f4a_7c15
    mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
    return mixed ^ (mixed >> 31)
  }

  /// What happens to a call.
  package enum Effect: Sendable {
    /// It fails and was never done.
    case fail(Failure)
    /// It is done, but its answer is lost: it fails nevertheless.
    case loseAnswer(Failure)
    /// Half of what a read asks for comes, then it fails; any other call is done, and its answer lost.
    case breakOff(Failure)
    /// It hangs for so many nanoseconds, then it fails and was never done.
    case hang(UInt64, Failure)
    /// The closure runs before it; a drill ends the process there.
    case before(@Sendable () -> Void)
    /// The closure runs once it is done.
    case after(@Sendable () -> Void)
    /// It takes this many nanoseconds longer.
    case delay(UInt64)
    /// What it reads or puts comes no faster than this.
    case pace(RateLimit)
    /// A read sees an object that ends after this many bytes.
    case truncate(Int)
    /// A read returns the byte at this offset of the object with all its bits flipped. Counted where it was read.
    case flip(UInt64)
    /// A listing does not show objects whose path begins so. Counted where there was one.
    case hide(String)
  }

  /// Whether it is known only at the end of a call whether it happened.
  var isCountedLater: Bool {
    switch effect {
    case .flip, .hide: true
    default: false
    }
  }

  func matches(_ call: StoreCall, _ path: String) -> Bool {
    (self.call == nil || self.call == call) && path.hasPrefix(prefix)
  }
}
