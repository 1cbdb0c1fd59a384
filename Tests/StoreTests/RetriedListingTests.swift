import Bytes
import Pipeline
import Store
import Synchronization
import TestKit
import Testing

/// A store in pages of three, each of which may fail.
private final class PagedScript: PagedStore {
  let base: ScriptedStore
  let pages = Counter()

  init(_ base: ScriptedStore) { self.base = base }

  var description: String { base.description }
  var traits: StoreTraits { base.traits }

  func page(of prefix: String, after mark: String?) throws(Failure) -> StorePage {
    pages.add()
    return try base.called(.list, prefix) { () throws(Failure) in
      let found = base.paths.filter { $0.text.hasPrefix(prefix) && (mark == nil || $0.text > mark!) }
      let shown = found.prefix(3).map { StoredObject(path: $0, size: UInt64(base.object($0)?.count ?? 0)) }
      return StorePage(objects: shown, next: found.count > 3 ? shown.last?.path.text : nil)
    }
  }

  func put(_ path: StorePath, _ bytes: UnsafeRawBufferPointer, digest: Name?) throws(Failure) {
    try base.put(path, bytes, digest: digest)
  }
  func read(
    _ path: StorePath, _ range: Range<UInt64>?, into buffer: UnsafeMutableRawBufferPointer
  ) throws(Failure) -> Int { try base.read(path, range, into: buffer) }
  func size(of path: StorePath) throws(Failure) -> UInt64? { try base.size(of: path) }
  func folders(in prefix: String) throws(Failure) -> [String] { try base.folders(in: prefix) }
  func findIntact(_ path: StorePath, digest: Name) throws(Failure) -> Bool { false }
  func delete(_ path: StorePath) throws(Failure) { try base.delete(path) }
  func freeBytes() throws(Failure) -> UInt64? { nil }
}

@Suite("A listing that fails on the way")
struct RetriedListingTests {
  private let busy = Failure(.storeUnavailable, "busy", retry: RetryAdvice())

  private func filled(_ script: @escaping @Sendable (Int, StoreCall) -> ScriptedStore.Fate) -> ScriptedStore {
    let base = ScriptedStore(script)
    for number in 0..<20 { base.plant(StorePath("a/\(number + 10)")!, [1]) }
    return base
  }

  private func retrying(_ base: any Store) -> RetryingStore {
    RetryingStore(base, stop: StopSignal(), clock: ModelClock())
  }

  @Test("shows every object once, whether it goes on by pages or begins again")
  func once() throws {
    for isPaged in [false, true] {
      let busy = busy
      let base = filled { number, _ in number.isMultiple(of: 5) ? .done : .failed(busy) }
      let store = retrying(isPaged ? PagedScript(base) : base)
      var seen: [String] = []
      try store.list("a/") { (object) throws(Failure) in seen.append(object.path.text) }
      #expect(seen.sorted() == base.paths.map(\.text))
    }
  }

  @Test("in pages is finished where most requests fail, with no more of them than it takes")
  func pages() throws {
    let busy = busy
    let base = filled { number, _ in number.isMultiple(of: 2) ? .done : .failed(busy) }
    let paged = PagedScript(base)
    #expect(try retrying(paged).list("a/").count == 20)
    // Seven pages, each at its second try.
    #expect(paged.pages.value == 14)
  }

  @Test("is not begun again for what its reader throws, even if that says so")
  func objection() throws {
    for isPaged in [false, true] {
      for retry in [nil, RetryAdvice()] {
        let mine = Failure(.storeUnavailable, "mine", retry: retry)
        let base = filled { _, _ in .done }
        let store = retrying(isPaged ? PagedScript(base) : base)
        var count = 0
        let error = #expect(throws: Failure.self) {
          try store.list("") { (_) throws(Failure) in
            count += 1
            if count == 5 { throw mine }
          }
        }
        #expect(error == mine)
        #expect(count == 5)
      }
    }
  }
}
