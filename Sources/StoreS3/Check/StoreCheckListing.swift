import Bytes
import Store

extension StoreCheck {
  /// Whether a listing of more than a page shows every object, and each once.
  func checkListing() throws(Failure) {
    let question = "a listing of many objects shows each once"
    if let reason = reasonAgainst(report.facts.mayList == true, "these credentials may not list") {
      return find(.objects, question, .untried, reason)
    }
    let (count, threads, canaries) = (request.keys, 8, canaries)
    let put = try CheckThreads.run(threads) { (number) throws(Failure) in
      var done = 0
      for index in stride(from: number, to: count, by: threads) {
        if try canaries.put(StoreCheck.name(index), [1]).isSuccess { done += 1 }
      }
      return done
    }.reduce(0, +)
    guard put == count else {
      return find(.objects, question, .unclear, "only \(put) of \(count) could be put")
    }
    var seen: [String: Int] = [:]
    try store.list("\(report.folder)many/") { (object) throws(Failure) in seen[object.path.name, default: 0] += 1 }
    let twice = seen.values.count { $0 > 1 }
    let missing = count - seen.count
    report.facts.listsEverything = twice == 0 && missing == 0
    find(
      .objects, question, report.facts.listsEverything,
      twice == 0 && missing == 0
        ? "\(count) objects" : "of \(count) objects \(missing) were missing, \(twice) came twice")
  }

  private static func name(_ index: Int) -> String { "many/\(index)-of-many" }

  /// Why not to write many or large canaries; nil where nothing speaks against it.
  func reasonAgainst(_ isAllowed: Bool, _ otherwise: String) -> String? {
    if !isAllowed { return otherwise }
    if request.isQuick || request.keys == 0 { return "left out, as asked for" }
    if !isCleanable, !request.mayLeaveObjects {
      return "these credentials could not remove what it takes; --leave-objects tries it"
    }
    return nil
  }
}
