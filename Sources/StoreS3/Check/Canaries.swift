import Bytes
import Cryptography
import Synchronization

/// The objects that a check writes: the only ones that it ever changes, and it takes away what it may.
///
/// They lie in a folder of their own with a random name, so that nothing that was there before can be meant.
final class Canaries: Sendable {
  /// One version of one canary.
  struct Canary: Hashable {
    let key: String
    /// Nil where the store keeps no versions, or did not answer.
    let version: String?
  }

  /// What all their keys begin with; ends with a slash.
  let folder: String
  private let requests: CheckRequests
  private let headers: [(name: String, value: String)]
  private let written = Mutex<Set<Canary>>([])

  /// - Parameters:
  ///   - folder: what their keys begin with, prefix of the store included
  ///   - headers: what every put carries
  ///   - requests: sends them
  init(_ folder: String, headers: [(name: String, value: String)], _ requests: CheckRequests) {
    self.folder = folder
    self.headers = headers
    self.requests = requests
  }

  func key(_ name: String) -> String { folder + name }

  /// Puts a canary; the answer may be a refusal.
  func put(
    _ name: String, _ bytes: [UInt8], headers more: [(name: String, value: String)] = [], digest: Name? = nil
  ) throws(Failure) -> S3Answer {
    try bytes.withUnsafeBufferPointer { (buffer) throws(Failure) in
      try put(name, UnsafeRawBufferPointer(buffer), headers: more, digest: digest)
    }
  }

  func put(
    _ name: String, _ bytes: UnsafeRawBufferPointer, headers more: [(name: String, value: String)] = [],
    digest: Name? = nil
  ) throws(Failure) -> S3Answer {
    let request = S3Request("PUT", key: key(name), headers: headers + more)
    do throws(Failure) {
      let answer = try requests.ask(request, body: bytes, digest: digest)
      if answer.isSuccess { note(name, version: answer.headers["x-amz-version-id"]) }
      return answer
    } catch {
      // Perhaps it is there all the same.
      note(name, version: nil)
      throw error
    }
  }

  /// Remembers something to take away: also a deletion may leave a marker, which is a version, too.
  func note(_ name: String, version: String?) {
    written.withLock { _ = $0.insert(Canary(key: key(name), version: version.flatMap { $0 == "null" ? nil : $0 })) }
  }

  /// Forgets what is gone.
  func forget(_ name: String, version: String?) {
    written.withLock { _ = $0.remove(Canary(key: key(name), version: version)) }
  }

  /// Removes what can be removed; each try may be denied, which is no failure here.
  ///
  /// - Parameters:
  ///   - requests: sends them; another than before where the run has been stopped
  ///   - threads: how many work at it
  /// - Returns: how many are left
  func remove(with requests: CheckRequests, threads: Int) -> Int {
    let all = written.withLock { Array($0) }
    _ = try? CheckThreads.run(threads) { (number) throws(Failure) in
      for index in stride(from: number, to: all.count, by: threads) {
        if Canaries.remove(all[index], with: requests) { self.written.withLock { _ = $0.remove(all[index]) } }
      }
    }
    return written.withLock { $0.count }
  }

  private static func remove(_ canary: Canary, with requests: CheckRequests) -> Bool {
    let query = canary.version.map { [(name: "versionId", value: $0)] } ?? []
    guard let answer = try? requests.ask(S3Request("DELETE", key: canary.key, query: query)) else { return false }
    // Without a version's name the deletion may have made a marker where versions are kept: then it is only hidden.
    return (answer.isSuccess && answer.headers["x-amz-delete-marker"] != "true") || answer.status == 404
      || (answer.isSuccess && canary.version != nil)
  }
}
