import Bytes

/// The chunks of a file after a stage: one piece of memory, and where each chunk's bytes lie in it.
struct Frames: ~Copyable {
  private var memory: Buffer
  private var ranges: [Range<Int>] = []

  /// Room for pieces of `capacity` bytes in all, touched once: page faults are no part of a stage.
  init(capacity: Int) {
    memory = Buffer(capacity: capacity)
    _ = memory.withCapacity { $0.initializeMemory(as: UInt8.self, repeating: 1) }
  }

  /// The bytes of all pieces.
  var bytes: Int { memory.count }
  /// How many pieces there are.
  var count: Int { ranges.count }

  /// How long a piece is.
  func length(of index: Int) -> Int { ranges[index].count }

  /// Lends one piece.
  func withPiece<Result, Problem: Error>(
    _ index: Int, _ body: (UnsafeRawBufferPointer) throws(Problem) -> Result
  ) throws(Problem) -> Result {
    try memory.withBytes { (all) throws(Problem) in try body(UnsafeRawBufferPointer(rebasing: all[ranges[index]])) }
  }

  /// Lets `body` write a piece behind the last one; it says how long it got.
  mutating func append<Problem: Error>(
    _ body: (UnsafeMutableRawBufferPointer) throws(Problem) -> Int
  ) throws(Problem) {
    let start = memory.count
    let length = try memory.withCapacity { (all) throws(Problem) in
      try body(UnsafeMutableRawBufferPointer(rebasing: all[start...]))
    }
    ranges.append(start..<(start + length))
    memory.count = start + length
  }
}
