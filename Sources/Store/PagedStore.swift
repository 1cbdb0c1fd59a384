package import Bytes

/// A store whose listings come in pages, each with a mark from which the next goes on.
///
/// Whoever repeats failed calls repeats one page then, and not a listing of thousands: where every fifth request
/// fails, a listing of a hundred pages would never come to its end in one go.
package protocol PagedStore: Store {
  /// One page of the objects whose path begins with `prefix`.
  ///
  /// - Parameters:
  ///   - prefix: as in `list`
  ///   - mark: `next` of the page before; nil for the first
  func page(of prefix: String, after mark: String?) throws(Failure) -> StorePage
}

/// A part of a listing.
package struct StorePage: Sendable {
  /// The objects; a page without any may still have a next.
  package var objects: [StoredObject]
  /// Where the next page begins; nil at the end of the listing.
  package var next: String?

  package init(objects: [StoredObject], next: String?) {
    self.objects = objects
    self.next = next
  }
}

extension PagedStore {
  package func list(_ prefix: String, _ each: (StoredObject) throws(Failure) -> Void) throws(Failure) {
    var mark: String?
    repeat {
      let page = try page(of: prefix, after: mark)
      for object in page.objects { try each(object) }
      mark = page.next
    } while mark != nil
  }
}
