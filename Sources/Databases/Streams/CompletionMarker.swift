/// The text that a dump tool prints last, and so proves that it came to its end.
enum CompletionMarker {
  /// Why the end of a stream doesn't prove that it is whole; nil if it does, or if no marker is expected.
  static func objection(_ marker: String?, to summary: StreamSummary) -> String? {
    guard let marker, !marker.isEmpty else { return nil }
    let wanted = Array(marker.utf8)
    let tail = summary.tail
    if wanted.count <= tail.count {
      for start in 0...(tail.count - wanted.count) where tail[start] == wanted[0] {
        if tail[start..<(start + wanted.count)].elementsEqual(wanted) { return nil }
      }
    }
    let span = min(StreamSummary.tailLimit, Int(clamping: summary.length))
    return "the completion marker \(Printable.quoted(marker)) does not stand in the last \(span) bytes"
  }
}
