/// Finds what a person most likely meant by a word that is not known.
enum NearestKey {
  /// `did you mean path?` where one known word is close, otherwise the list of all that are known.
  static func advice(for word: String, among known: [String]) -> String {
    let distances = known.map { (distance(word, $0), $0) }.sorted { $0.0 < $1.0 }
    if let (distance, nearest) = distances.first, distance <= max(1, (nearest.unicodeScalars.count + 1) / 2) {
      return "did you mean \(nearest)?"
    }
    return known.isEmpty ? "nothing is expected here" : "valid here: " + known.joined(separator: ", ")
  }

  /// How many letters must be inserted, removed, changed, or swapped with their neighbour (optimal string alignment).
  static func distance(_ left: String, _ right: String) -> Int {
    let a = Array(left.unicodeScalars.prefix(64))
    let b = Array(right.unicodeScalars.prefix(64))
    var beforeLast: [Int] = []
    var last = Array(0...b.count)
    for i in 0..<a.count {
      var row = [i + 1]
      for j in 0..<b.count {
        var best = min(last[j + 1] + 1, row[j] + 1, last[j] + (a[i] == b[j] ? 0 : 1))
        if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { best = min(best, beforeLast[j - 1] + 1) }
        row.append(best)
      }
      beforeLast = last
      last = row
    }
    return last[b.count]
  }
}
