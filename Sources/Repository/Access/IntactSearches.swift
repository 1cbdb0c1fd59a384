import Bytes
import Store
import Synchronization

/// Looks for good bytes of objects, one look for each: whoever comes while it goes on waits for its end.
final class IntactSearches: Sendable {
  private final class Search: Sendable {
    let isFound = Mutex<Bool?>(nil)
  }

  private let all = Mutex<[StorePath: Search]>([:])

  /// What the look for an object came to.
  ///
  /// - Parameter look: the look; asked again by the next who comes if its answer is not final
  func isFound(
    _ path: StorePath, look: () throws(Failure) -> (isFound: Bool, isFinal: Bool)
  ) throws(Failure) -> Bool {
    let search = all.withLock { all in
      let search = all[path] ?? Search()
      all[path] = search
      return search
    }
    return try search.isFound.withLock { (isFound) throws(Failure) in
      if let isFound { return isFound }
      let (answer, isFinal) = try look()
      if isFinal { isFound = answer }
      return answer
    }
  }
}
