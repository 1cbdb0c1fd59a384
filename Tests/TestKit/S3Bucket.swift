import Bytes

/// A bucket of a test's own, handled by its owner past the program: made, damaged, looked at, and removed with all that
/// is in it when the test lets go of it.
package final class S3Bucket: Sendable {
  /// Where it is.
  package let server: S3Server
  /// Its name; different in every run.
  package let name: String

  /// - Parameters:
  ///   - server: where to make it
  ///   - isVersioned: whether it keeps what is overwritten and deleted
  ///   - canLock: whether objects can be locked for a time; such a bucket is versioned too
  package init(on server: S3Server, isVersioned: Bool = false, canLock: Bool = false) throws {
    self.server = server
    name = "test-\(Identifier.random().hex.prefix(16))"
    try server.ask(
      "PUT", "/\(name)", headers: canLock ? ["x-amz-bucket-object-lock-enabled": "true"] : [:])
    if isVersioned { try setVersioning("Enabled") }
  }

  deinit {
    if server.kind == "rclone" {
      TemporaryFolder.remove("\(server.folder)/data/\(name)")
    } else {
      _ = try? server.request("DELETE", "/admin/bucket", query: ["bucket": name, "purge-objects": "true"])
    }
  }

  /// What the program is given to find it.
  package func location(_ prefix: String = "") -> String { "s3://\(name)" + (prefix.isEmpty ? "" : "/\(prefix)") }

  /// `Enabled` or `Suspended`.
  package func setVersioning(_ status: String) throws {
    let text = "<VersioningConfiguration><Status>\(status)</Status></VersioningConfiguration>"
    try server.ask("PUT", "/\(name)", query: ["versioning": ""], body: Array(text.utf8))
  }

  /// Who else may do what, as JSON.
  package func setPolicy(_ policy: String) throws {
    try server.ask("PUT", "/\(name)", query: ["policy": ""], body: Array(policy.utf8))
  }

  /// Stores an object, also over one that is there.
  package func put(_ key: String, _ bytes: [UInt8]) throws { try server.ask("PUT", "/\(name)/\(key)", body: bytes) }

  /// The bytes of an object; nil if there is none.
  package func get(_ key: String) throws -> [UInt8]? {
    let answer = try server.request("GET", "/\(name)/\(key)")
    if answer.status == 404 { return nil }
    guard answer.status == 200 else { throw S3Server.Trouble(what: "GET \(key)", "\(answer.status) \(answer.text)") }
    return answer.body
  }

  /// Removes an object; on a versioned bucket it is only hidden.
  package func delete(_ key: String) throws { try server.ask("DELETE", "/\(name)/\(key)") }

  /// Flips one bit of an object's byte, counted from its end where the number is negative.
  package func flip(_ key: String, at place: Int) throws {
    guard var bytes = try get(key) else { throw S3Server.Trouble(what: "flip", "no object \(key)") }
    bytes[place < 0 ? bytes.count + place : place] ^= 1
    try put(key, bytes)
  }

  /// Copies every object whose key begins so, within the server, to keys that begin in another way.
  package func copy(_ prefix: String, to other: String) throws {
    for key in try keys(prefix) {
      let target = other + key.dropFirst(prefix.count)
      try server.ask("PUT", "/\(name)/\(target)", headers: ["x-amz-copy-source": "/\(name)/\(key)"])
    }
  }

  /// The keys that begin so, sorted.
  package func keys(_ prefix: String = "") throws -> [String] { try digests(prefix).keys.sorted() }

  /// The keys that begin so, each with the server's digest of its bytes (the entity tag).
  package func digests(_ prefix: String = "") throws -> [String: String] {
    var digests: [String: String] = [:]
    var query = ["list-type": "2", "prefix": prefix]
    while true {
      let answer = try server.ask("GET", "/\(name)", query: query)
      let keys = answer.elements("Key")
      digests.merge(zip(keys, answer.elements("ETag"))) { $1 }
      guard answer.elements("IsTruncated").first == "true" else { return digests }
      query["start-after"] = keys.last
    }
  }

  /// How many versions an object has, delete markers not counted.
  package func versions(of key: String) throws -> Int {
    let answer = try server.ask("GET", "/\(name)", query: ["versions": "", "prefix": key])
    return answer.text.split(separator: "<Version>", omittingEmptySubsequences: false).dropFirst()
      .count { $0.contains("<Key>\(key)</Key>") }
  }

  /// The id of an object's newest version.
  package func newestVersion(of key: String) throws -> String {
    let answer = try server.ask("GET", "/\(name)", query: ["versions": "", "prefix": key])
    return answer.elements("VersionId").first ?? "null"
  }
}
