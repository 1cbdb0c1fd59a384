package import Bytes
package import Store
import Synchronization

extension S3Store {
  /// No object is that long, and not all stores can count that far.
  private static let beyondAll: UInt64 = 1 << 60

  package func read(
    _ path: StorePath, _ range: Range<UInt64>?, into buffer: UnsafeMutableRawBufferPointer
  ) throws(Failure) -> Int {
    let first = range?.lowerBound ?? 0
    let room = min(UInt64(buffer.count), range.map { $0.upperBound - $0.lowerBound } ?? .max)
    guard room > 0, first < S3Store.beyondAll else {
      guard try size(of: path) != nil else { throw missing(path) }
      return 0
    }
    let target = UnsafeMutableRawBufferPointer(rebasing: buffer[..<Int(room)])
    let request = S3Request(
      "GET", key: client.key(of: path.text), query: version(of: path),
      headers: customerKey + [("Range", "bytes=\(first)-\(first + room - 1)")])
    let answer = try client.send(request, into: .buffer(target, skipping: first))
    switch answer.status {
    case 200, 206:
      try check(answer, first, room, request)
      return answer.count
    // It is there, and ends before the range begins.
    case 416: return 0
    case 404 where answer.error.code != "NoSuchBucket": throw missing(path)
    default: throw client.failure(of: answer, "cannot read an object", request)
    }
  }

  package func size(of path: StorePath) throws(Failure) -> UInt64? {
    try size(path, version: version(of: path))
  }

  /// The size of what is stored under a path now, whatever older versions there are.
  func currentSize(of path: StorePath) throws(Failure) -> UInt64? {
    try size(path, version: [])
  }

  private func size(_ path: StorePath, version: [(name: String, value: String)]) throws(Failure) -> UInt64? {
    let request = S3Request("HEAD", key: client.key(of: path.text), query: version, headers: customerKey)
    let answer = try client.send(request)
    switch answer.status {
    case 200:
      guard let size = answer.headers["content-length"].flatMap({ UInt64($0) }) else {
        throw Failure(
          .storeUnavailable, "the store does not say how long an object is", at: client.place(request.key))
      }
      return size
    case 404: return nil
    // A deleted object's last version is a marker, which can't be looked at.
    case 405 where answer.headers["x-amz-delete-marker"] != nil: return nil
    case 403:
      // Whoever may list but not read can know it nevertheless; whoever may not either is denied.
      do throws(Failure) {
        return try listedSize(of: path)
      } catch {
        guard error.code == .storeDenied else { throw error }
        throw client.failure(of: answer, "cannot look at an object", request)
      }
    default: throw client.failure(of: answer, "cannot look at an object", request)
    }
  }

  /// A key sorts before everything that it is the beginning of, so one line is enough.
  private func listedSize(of path: StorePath) throws(Failure) -> UInt64? {
    let key = client.key(of: path.text)
    let page = try page(query: [("list-type", "2"), ("prefix", key), ("max-keys", "1")])
    return page.entries.first.flatMap { $0.key == key ? $0.size : nil }
  }

  private func version(of path: StorePath) -> [(name: String, value: String)] {
    intact.withLock { $0[path] }.map { [("versionId", $0)] } ?? []
  }

  private func missing(_ path: StorePath) -> Failure {
    Failure(.storeMissing, "no such object", at: client.place(client.key(of: path.text)))
  }

  // MARK: - Is it what was asked for

  /// A part that is not the one asked for, or not all of it, must not pass for the end of the object.
  private func check(_ answer: S3Answer, _ first: UInt64, _ room: UInt64, _ request: S3Request) throws(Failure) {
    func broken(_ what: String) -> Failure {
      Failure(.storeUnavailable, what, at: client.place(request.key), retry: RetryAdvice())
    }
    guard let text = answer.headers["content-range"] else {
      guard answer.status == 200 else { throw broken("a part of an object came without saying which") }
      // The whole object, cut by us. That all of it came is for libcurl to see, if the answer has a length.
      guard answer.isDelimited || UInt64(answer.count) == room else {
        throw broken("an object came without saying how long it is")
      }
      return
    }
    guard let range = ContentRange(text), range.first == first else {
      throw broken("another part of an object came than was asked for")
    }
    let all = range.total.map { min(room, $0 - first) } ?? (range.last - first + 1)
    guard UInt64(answer.count) == min(all, room) else { throw broken("a part of an object came that is too short") }
  }
}

/// The header of that name: `bytes 0-99/1000`.
struct ContentRange: Equatable {
  let first: UInt64
  let last: UInt64
  /// Nil where the store does not say.
  let total: UInt64?

  init?(_ text: String) {
    let words = text.split(separator: " ")
    guard words.count == 2, words[0] == "bytes" else { return nil }
    let parts = words[1].split(separator: "/", omittingEmptySubsequences: false)
    let ends = parts[0].split(separator: "-", omittingEmptySubsequences: false)
    guard parts.count == 2, ends.count == 2, let first = UInt64(ends[0]), let last = UInt64(ends[1]), first <= last,
      last < .max
    else { return nil }
    total = UInt64(parts[1])
    guard total != nil || parts[1] == "*", total.map({ $0 > last }) ?? true else { return nil }
    self.first = first
    self.last = last
  }
}
