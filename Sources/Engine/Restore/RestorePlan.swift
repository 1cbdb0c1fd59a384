import Bytes
import Format
import Repository

/// Turns a stream's recipe into segments, in stream order.
struct RestorePlan {
  let source: BlobSource
  let reader: BlobReader

  /// Plans one stream.
  ///
  /// - Throws: `damaged` if a list or chunk is missing, or lengths do not agree with what was signed.
  func plan(_ stream: StreamEntry, submit: (RestoreJob) throws(Failure) -> Void) throws(Failure) {
    do throws(Failure) {
      try submit(.begin(stream))
      var walker = RecipeWalker(stream.root, reader: reader)
      var segment: Segment?
      var length: UInt64 = 0
      while let child = try walker.next() {
        length += child.length
        if child.name == .zero {
          if let full = segment { try submit(.segment(full)) }
          segment = nil
          try submit(.hole(child.length))
          continue
        }
        try add(try location(of: child), to: &segment, submit: submit)
      }
      if let last = segment { try submit(.segment(last)) }
      guard length == stream.length else {
        throw Failure(.damaged, "the recipe has \(length) of \(stream.length) bytes")
      }
      try submit(.end)
    } catch {
      throw error.within("stream \(stream.displayName)")
    }
  }

  private func add(
    _ location: BlobLocation, to segment: inout Segment?, submit: (RestoreJob) throws(Failure) -> Void
  ) throws(Failure) {
    if segment?.take(location) == true { return }
    if let full = segment { try submit(.segment(full)) }
    segment = Segment(location)
  }

  private func location(of child: ListChild) throws(Failure) -> BlobLocation {
    guard
      let location = try source.copies(of: child.name, .data).first(where: { UInt64($0.plainLength) == child.length })
    else {
      throw Failure(.damaged, "the chunk \(child.name.hex.prefix(16)) is not as long as its recipe says")
    }
    return location
  }
}
