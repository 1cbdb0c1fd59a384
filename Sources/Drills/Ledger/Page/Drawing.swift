import Profiles

/// Shapes of a drawing, as SVG inside of HTML.
enum Drawing {
  static func line(_ style: String, _ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double) -> String {
    "<line class=\"\(style)\" x1=\"\(at(x1))\" y1=\"\(at(y1))\" x2=\"\(at(x2))\" y2=\"\(at(y2))\"/>"
  }

  static func box(
    _ style: String, x: Double, y: Double, width: Double, height: Double, title: String = ""
  ) -> String {
    let head =
      "<rect class=\"\(style)\" x=\"\(at(x))\" y=\"\(at(y))\" width=\"\(at(width))\" height=\"\(at(height))\""
    return title.isEmpty ? head + "/>" : head + "><title>\(Markup.text(title))</title></rect>"
  }

  static func text(_ style: String, _ x: Double, _ y: Double, _ text: String) -> String {
    "<text class=\"\(style)\" x=\"\(at(x))\" y=\"\(at(y))\">\(Markup.text(text))</text>"
  }

  static func path(_ style: String, _ points: [(Double, Double)], title: String = "") -> String {
    guard let first = points.first else { return "" }
    let rest = points.dropFirst().map { "L\(at($0.0)) \(at($0.1))" }.joined()
    return raw(style, "M\(at(first.0)) \(at(first.1))\(rest)", title: title)
  }

  static func circle(_ style: String, _ x: Double, _ y: Double, _ radius: Double, title: String) -> String {
    "<circle class=\"\(style)\" cx=\"\(at(x))\" cy=\"\(at(y))\" r=\"\(at(radius))\"><title>\(Markup.text(title))</title></circle>"
  }

  static func cross(_ style: String, _ x: Double, _ y: Double, _ size: Double, title: String) -> String {
    raw(
      style,
      "M\(at(x - size)) \(at(y - size))L\(at(x + size)) \(at(y + size))M\(at(x - size)) \(at(y + size))L\(at(x + size)) \(at(y - size))",
      title: title)
  }

  static func diamond(_ style: String, _ x: Double, _ y: Double, _ size: Double, title: String) -> String {
    raw(
      style,
      "M\(at(x)) \(at(y - size))L\(at(x + size)) \(at(y))L\(at(x)) \(at(y + size))L\(at(x - size)) \(at(y))Z",
      title: title)
  }

  /// Slanted lines over a box, for what must be told apart without its colour.
  static func hatch(x: Double, y: Double, width: Double, height: Double) -> String {
    var path = ""
    var left = x + 3
    while left < x + width + height {
      let (from, to) = (max(x, left - height), min(x + width, left))
      if from < to { path += "M\(at(from)) \(at(y + left - from))L\(at(to)) \(at(y + left - to))" }
      left += 5
    }
    return path.isEmpty ? "" : raw("hatch", path, title: "")
  }

  static func whole(width: Double, height: Double, label: String, _ content: String) -> String {
    "<div class=\"wide\"><svg viewBox=\"0 0 \(at(width)) \(at(height))\" role=\"img\" aria-label=\"\(Markup.text(label))\">\(content)</svg></div>"
  }

  /// A sample of a shape for a legend.
  static func sample(_ content: String, _ word: String) -> String {
    "<span><svg viewBox=\"0 0 24 12\" aria-hidden=\"true\">\(content)</svg>\(Markup.text(word))</span>"
  }

  private static func raw(_ style: String, _ path: String, title: String) -> String {
    let head = "<path class=\"\(style)\" d=\"\(path)\""
    return title.isEmpty ? head + "/>" : head + "><title>\(Markup.text(title))</title></path>"
  }

  /// A coordinate with one digit behind the point.
  private static func at(_ value: Double) -> String {
    let tenths = Int((value * 10).rounded())
    let sign = tenths < 0 ? "-" : ""
    return tenths % 10 == 0 ? "\(tenths / 10)" : "\(sign)\(abs(tenths) / 10).\(abs(tenths) % 10)"
  }
}

/// Steps of an axis of time that people count in.
enum TimeAxis {
  private static let steps: [UInt64] = {
    let milliseconds: [UInt64] = [1, 2, 5, 10, 20, 50, 100, 200, 500]
    let seconds: [UInt64] = [
      1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 10_800, 21_600, 43_200, 86_400, 172_800,
      604_800,
    ]
    return milliseconds.map { $0 * 1_000_000 } + seconds.map { $0 * 1_000_000_000 }
  }()

  /// Nanoseconds from zero to the total, at most `count` of them.
  static func ticks(to total: UInt64, atMost count: UInt64) -> [UInt64] {
    let step = steps.first { total / $0 <= count } ?? max(1, total / count)
    return Array(stride(from: 0, through: total, by: UInt64.Stride(step)))
  }

  /// `0`, `200ms`, `1.5s`, `30s`, `1m30s`, `3h`.
  static func text(_ nanoseconds: UInt64) -> String {
    if nanoseconds == 0 { return "0" }
    if nanoseconds < 1_000_000_000 { return "\(nanoseconds / 1_000_000)ms" }
    let seconds = nanoseconds / 1_000_000_000
    if nanoseconds % 1_000_000_000 > 0 { return "\(PageText.decimal(Double(nanoseconds) / 1e9))s" }
    return Seconds(Int64(seconds)).text
  }
}
