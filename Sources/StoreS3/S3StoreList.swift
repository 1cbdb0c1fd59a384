package import Bytes
package import Store

extension S3Store: PagedStore {
  /// The longest page: a thousand keys of a thousand characters, each written as a reference, and what goes with them.
  private static let pageLimit = 16 << 20

  package func page(of prefix: String, after mark: String?) throws(Failure) -> StorePage {
    guard StorePath.isPrefix(prefix) else { throw Failure(.defect, "not a prefix of a path", at: prefix) }
    let page = try page(prefix: prefix, delimiter: nil, after: mark)
    var objects: [StoredObject] = []
    objects.reserveCapacity(page.entries.count)
    for entry in page.entries {
      // What has another name than a path may has not been put by us.
      guard let rest = rest(of: entry.key), rest.hasPrefix(prefix), let path = StorePath(rest) else { continue }
      objects.append(StoredObject(path: path, size: entry.size))
    }
    return StorePage(objects: objects, next: page.token)
  }

  package func folders(in prefix: String) throws(Failure) -> [String] {
    guard StorePath.isPrefix(prefix), prefix.isEmpty || prefix.hasSuffix("/") else {
      throw Failure(.defect, "not a folder of a store", at: prefix)
    }
    var names: Set<String> = []
    var mark: String?
    repeat {
      let page = try page(prefix: prefix, delimiter: "/", after: mark)
      for folder in page.prefixes {
        guard let rest = rest(of: folder), rest.hasPrefix(prefix), rest.hasSuffix("/") else { continue }
        let name = String(rest.dropFirst(prefix.count).dropLast())
        if !name.contains("/"), StorePath(prefix + name) != nil { names.insert(name) }
      }
      mark = page.token
    } while mark != nil
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

  private func page(prefix: String, delimiter: String?, after mark: String?) throws(Failure) -> S3Page {
    let whole = client.settings.prefix.isEmpty ? prefix : "\(client.settings.prefix)/\(prefix)"
    var query = [(name: "list-type", value: "2"), (name: "prefix", value: whole)]
    if let delimiter { query.append((name: "delimiter", value: delimiter)) }
    if let mark { query.append((name: "continuation-token", value: mark)) }
    do throws(Failure) {
      let page = try self.page(query: query)
      guard mark == nil || page.token != mark else {
        throw Failure(.storeUnavailable, "a listing goes on where it was")
      }
      return page
    } catch {
      throw error.place.isEmpty ? error.within(client.place(whole)) : error
    }
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
