package import Bytes
package import Store

extension S3Store {
  /// The longest page: a thousand keys of a thousand characters, each written as a reference, and what goes with them.
  private static let pageLimit = 16 << 20

  package func list(_ prefix: String, _ each: (StoredObject) throws(Failure) -> Void) throws(Failure) {
    guard StorePath.isPrefix(prefix) else { throw Failure(.defect, "not a prefix of a path", at: prefix) }
    try pages(prefix: prefix, delimiter: nil) { (page) throws(Failure) in
      for entry in page.entries {
        // What has another name than a path may has not been put by us.
        guard let rest = rest(of: entry.key), rest.hasPrefix(prefix), let path = StorePath(rest) else { continue }
        try each(StoredObject(path: path, size: entry.size))
      }
    }
  }

  package func folders(in prefix: String) throws(Failure) -> [String] {
    guard StorePath.isPrefix(prefix), prefix.isEmpty || prefix.hasSuffix("/") else {
      throw Failure(.defect, "not a folder of a store", at: prefix)
    }
    var names: Set<String> = []
    try pages(prefix: prefix, delimiter: "/") { (page) throws(Failure) in
      for folder in page.prefixes {
        guard let rest = rest(of: folder), rest.hasPrefix(prefix), rest.hasSuffix("/") else { continue }
        let name = String(rest.dropFirst(prefix.count).dropLast())
        if !name.contains("/"), StorePath(prefix + name) != nil { names.insert(name) }
      }
    }
    return Array(names)
  }

  /// One page of a listing of objects.
  func page(query: [(name: String, value: String)]) throws(Failure) -> S3Page {
    try S3Page(objects: document(query))
  }

  /// The document that answers a listing.
  func document(_ query: [(name: String, value: String)]) throws(Failure) -> [UInt8] {
    let request = S3Request("GET", query: query)
    let answer = try client.send(request, into: .memory(limit: S3Store.pageLimit))
    guard answer.isSuccess else { throw client.failure(of: answer, "cannot list", request) }
    return answer.body
  }

  private func pages(
    prefix: String, delimiter: String?, _ each: (S3Page) throws(Failure) -> Void
  ) throws(Failure) {
    let whole = client.settings.prefix.isEmpty ? prefix : "\(client.settings.prefix)/\(prefix)"
    var query = [(name: "list-type", value: "2"), (name: "prefix", value: whole)]
    if let delimiter { query.append((name: "delimiter", value: delimiter)) }
    var next: S3Page.Next?
    repeat {
      var asked = query
      if case .token(let token) = next { asked.append((name: "continuation-token", value: token)) }
      let page: S3Page
      do throws(Failure) {
        page = try self.page(query: asked)
      } catch {
        throw error.place.isEmpty ? error.within(client.place(whole)) : error
      }
      try each(page)
      guard page.next == nil || page.next != next else {
        throw Failure(.storeUnavailable, "a listing goes on where it was", at: client.place(whole))
      }
      next = page.next
    } while next != nil
  }

  /// A key without the prefix of this store; nil for one that lies elsewhere.
  private func rest(of key: String) -> String? {
    let prefix = client.settings.prefix
    if prefix.isEmpty { return key }
    // By bytes: names are no text, and equivalent ones are not equal.
    guard key.utf8.starts(with: "\(prefix)/".utf8) else { return nil }
    return String(decoding: key.utf8.dropFirst(prefix.utf8.count + 1), as: UTF8.self)
  }
}
