package import Bytes
package import Store
import Synchronization

extension S3Store {
  /// Looks through the versions of an object, newest first. Each is read to its end and hashed, in no memory to speak of;
  /// the first with the right digest is taken from now on.
  package func findIntact(_ path: StorePath, digest: Name) throws(Failure) -> Bool {
    let key = client.key(of: path.text)
    let versions: [S3Page.Entry]
    do throws(Failure) {
      versions = try self.versions(of: key)
    } catch {
      // Without versions there is nothing else to look at, and the damage is for the caller to report.
      if error.retry != nil || error.code == .interrupted { throw error }
      if error.code == .storeDenied { sayOnce("these credentials may not look for older versions of damaged objects") }
      return false
    }
    for version in versions {
      let request = S3Request(
        "GET", key: key, query: version.version.isEmpty ? [] : [("versionId", version.version)], headers: customerKey)
      let answer = try client.send(request, into: .digest)
      guard answer.isSuccess else {
        let failure = client.failure(of: answer, "cannot read an older version", request)
        if failure.retry != nil { throw failure }
        if failure.code == .storeDenied { sayOnce("these credentials may not read older versions of damaged objects") }
        continue
      }
      guard answer.digest == digest else {
        guard answer.isDelimited else { throw XMLReader.broken("a version came without saying how long it is") }
        continue
      }
      // The newest needs no naming: it was only read wrong.
      guard !version.isLatest, !version.version.isEmpty else { return true }
      intact.withLock { $0[path] = version.version }
      notices(.taken(path: path.text, from: "an older version"))
      return true
    }
    return false
  }

  /// All versions of one key, newest first, as the store lists them. Keys that go on beyond this one come after it.
  private func versions(of key: String) throws(Failure) -> [S3Page.Entry] {
    var found: [S3Page.Entry] = []
    var next: S3Page.Next?
    repeat {
      var query = [(name: "versions", value: ""), (name: "prefix", value: key)]
      if case .after(let marker, let version) = next {
        query.append((name: "key-marker", value: marker))
        if !version.isEmpty { query.append((name: "version-id-marker", value: version)) }
      }
      let page = try S3Page(versions: document(query))
      found += page.entries.filter { $0.key == key }
      if page.entries.contains(where: { $0.key != key }) || page.next == next { break }
      next = page.next
    } while next != nil
    return found
  }
}
