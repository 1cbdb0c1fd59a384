import Glibc

/// The measurements of one run: a Markdown table for people, JSON for the benchmarks.
struct Report {
  private var measurements: [Measurement] = []
  private var sums: [Measurement] = []
  private var notes: [(name: String, value: Int)] = []

  mutating func add(_ more: [Measurement]) { measurements += more }

  /// Adds stages up: what one core would need for all of them in a row.
  mutating func sum(_ name: String, _ stages: [Measurement], bytes: Int) {
    sums.append(
      Measurement(name: name, bytes: bytes, output: nil, seconds: stages.reduce(0) { $0 + $1.seconds }))
  }

  mutating func note(_ name: String, _ value: Int) { notes.append((name, value)) }

  var markdown: String {
    var lines = ["| stage, one core | MB in | MB out | CPU s | MB/s |", "|---|---|---|---|---|"]
    for item in measurements + sums {
      let output = item.output.map { Report.decimal(Double($0) / 1e6, 1) } ?? "–"
      lines.append(
        "| \(item.name) | \(Report.decimal(Double(item.bytes) / 1e6, 1)) | \(output) "
          + "| \(Report.decimal(item.seconds, 3)) | \(Report.decimal(item.rate, 0)) |")
    }
    return (lines + [""] + notes.map { "\($0.name): \($0.value)" }).joined(separator: "\n")
  }

  /// Names are this program's own and need no escapes.
  var json: String {
    func list(_ items: [Measurement]) -> String {
      items.map { item in
        "{\"name\": \"\(item.name)\", \"bytes\": \(item.bytes), \"output\": \(item.output.map { "\($0)" } ?? "null"), "
          + "\"seconds\": \(item.seconds)}"
      }
      .joined(separator: ", ")
    }
    let facts = notes.map { "\"\($0.name)\": \($0.value)" }.joined(separator: ", ")
    return "{\"stages\": [\(list(measurements))], \"sums\": [\(list(sums))], \"facts\": {\(facts)}}"
  }

  private static func decimal(_ value: Double, _ digits: Int) -> String {
    let scale = pow(10, Double(digits))
    let rounded = (value * scale).rounded() / scale
    if digits == 0 { return "\(Int(rounded))" }
    var text = "\(rounded)"
    let decimals = text.split(separator: ".").last?.count ?? 0
    text += String(repeating: "0", count: max(0, digits - decimals))
    return text
  }
}
