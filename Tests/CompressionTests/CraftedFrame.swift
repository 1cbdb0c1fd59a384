/// A zstd frame built by hand from RFC 8878, section 3.1.1, with one raw block: valid unless it is told otherwise.
struct CraftedFrame {
  var magic: [UInt8] = [0x28, 0xb5, 0x2f, 0xfd]
  /// The content size that the header gives, as an eight-byte field; nil gives none.
  var contentSize: UInt64?
  /// The byte of the window descriptor: exponent - 10 in the upper five bits, eighths in the lower three. Nil makes
  /// a single segment, whose window is its content.
  var window: UInt8?
  var dictionary: [UInt8] = []
  var flags: UInt8 = 0
  var blockHeader: UInt32?
  var content: [UInt8]
  var trailer: [UInt8] = []

  /// A single-segment frame of `content`.
  init(_ content: [UInt8]) {
    self.content = content
    contentSize = UInt64(content.count)
  }

  var bytes: [UInt8] {
    var descriptor = flags
    if contentSize != nil { descriptor |= 3 << 6 }
    if window == nil { descriptor |= 1 << 5 }
    descriptor |= [0: 0, 1: 1, 2: 2, 4: 3][dictionary.count] ?? 0
    let block = blockHeader ?? 1 | UInt32(content.count) << 3
    let size = contentSize.map { size in (0..<8).map { UInt8(truncatingIfNeeded: size >> (8 * UInt64($0))) } } ?? []
    let header = (0..<3).map { UInt8(truncatingIfNeeded: block >> (8 * UInt32($0))) }
    return magic + [descriptor] + (window.map { [$0] } ?? []) + dictionary + size + header + content + trailer
  }

  /// This frame with changes.
  func with(_ change: (inout CraftedFrame) -> Void) -> [UInt8] {
    var copy = self
    change(&copy)
    return copy.bytes
  }
}
