/// The one error of lifeboat: what is wrong, where, and what to do next.
///
/// A failure is made where the fault is understood; floors above add context with `within(_:)` and never
/// print and throw. It must never hold a secret: it ends on terminals, in logs and in mail.
package struct Failure: Error, Sendable, Equatable {
  /// The entry of the catalogue; decides the exit status.
  package let code: Code
  /// What is wrong, in lower case, without a full stop.
  package let what: String
  /// Where: a file with its line, an object, a stream, a host. Empty where nothing narrows it down.
  package var place: String
  /// What to do next, as a full sentence. Empty where there is nothing to advise.
  package let next: String
  /// Whether to try again; nil where that is no use.
  package let retry: RetryAdvice?

  /// - Parameters:
  ///   - code: the entry of the catalogue
  ///   - what: what is wrong, in lower case
  ///   - place: where it is wrong
  ///   - next: what to do next, as a sentence
  ///   - retry: why another try may succeed; nil where it would only fail again
  package init(
    _ code: Code, _ what: String, at place: String = "", next: String = "", retry: RetryAdvice? = nil
  ) {
    self.code = code
    self.what = what
    self.place = place
    self.next = next
    self.retry = retry
  }

  /// The same failure seen from one floor higher: `outer: inner` as the place.
  package func within(_ outer: String) -> Failure {
    var copy = self
    copy.place = place.isEmpty ? outer : "\(outer): \(place)"
    return copy
  }
}

extension Failure: CustomStringConvertible {
  /// One line: `what (where). Next.`
  package var description: String {
    let head = place.isEmpty ? what : "\(what) (\(place))"
    return next.isEmpty ? head : "\(head). \(next)"
  }
}
