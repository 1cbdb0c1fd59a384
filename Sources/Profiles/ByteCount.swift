/// A number of bytes, as profiles write it: `512B`, `256KiB`, `16MiB`, `1GB`.
package struct ByteCount: Hashable, Comparable, Sendable {
  /// The number of bytes.
  package let count: UInt64

  /// Binary units before decimal ones, largest first: the order in which an exact spelling is sought.
  private static let units: [(name: String, bytes: UInt64)] = [
    ("TiB", 1 << 40), ("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10),
    ("TB", 1_000_000_000_000), ("GB", 1_000_000_000), ("MB", 1_000_000), ("kB", 1_000), ("B", 1),
  ]

  /// A count of `count` bytes.
  package init(_ count: UInt64) { self.count = count }

  /// Reads a whole number and a unit, in any case, with or without one space between; nil for anything else.
  package init?(_ text: String) {
    let digits = text.prefix { $0.isASCII && $0.isNumber }
    var unit = text[digits.endIndex...]
    if unit.first == " " { unit = unit.dropFirst() }
    guard let number = UInt64(digits),
      let factor = ByteCount.units.first(where: { $0.name.lowercased() == unit.lowercased() })
    else { return nil }
    let (count, overflow) = number.multipliedReportingOverflow(by: factor.bytes)
    guard !overflow else { return nil }
    self.count = count
  }

  /// An exact spelling in the largest unit that leaves no rest; reading it gives the same count.
  package var text: String {
    let unit = ByteCount.units.first { count >= $0.bytes && count.isMultiple(of: $0.bytes) } ?? ("B", 1)
    return "\(count / unit.bytes)\(unit.name)"
  }

  package static func < (left: ByteCount, right: ByteCount) -> Bool { left.count < right.count }

  /// A measured size for people, in binary units with three digits: `812 B`, `1.42 GiB`.
  package var rounded: String {
    if count < 1_000 { return "\(count) B" }
    let names = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"]
    var value = Double(count) / 1_024
    var index = 0
    while value >= 999.5, index + 1 < names.count {
      value /= 1_024
      index += 1
    }
    let scale: Double = value < 9.995 ? 100 : value < 99.95 ? 10 : 1
    let units = Int64((value * scale).rounded())
    if scale == 1 { return "\(units) \(names[index])" }
    let fraction = units % Int64(scale)
    let digits = scale == 100 && fraction < 10 ? "0\(fraction)" : "\(fraction)"
    return "\(units / Int64(scale)).\(digits) \(names[index])"
  }
}

extension ByteCount: CustomStringConvertible {
  package var description: String { text }
}
