package import Bytes

/// One page of a listing, as its document says it.
package struct S3Page: Equatable {
  /// One object, or one version of it.
  package struct Entry: Equatable {
    package var key = ""
    package var size: UInt64 = 0
    /// Empty in listings of objects.
    package var version = ""
    /// What the key shows now; in listings of versions only.
    package var isLatest = false
  }

  /// Where the next page begins; odd bytes and all.
  package enum Next: Equatable {
    case token(String)
    case after(key: String, version: String)
  }

  package var entries: [Entry] = []
  /// What keys begin with up to the delimiter, where one was asked for.
  package var prefixes: [String] = []
  /// Nil for the last page.
  package var next: Next?

  /// Where the next page of a listing of objects begins.
  package var token: String? {
    guard case .token(let token) = next else { return nil }
    return token
  }

  /// Reads the answer to ListObjectsV2.
  ///
  /// - Throws: `storeUnavailable` for anything else, with advice to try again where it ends early.
  package init(objects document: [UInt8]) throws(Failure) {
    var fields: [String: String] = [:]
    try read(document, root: "ListBucketResult", entry: "Contents", &fields)
    guard fields["IsTruncated"] == "true" else { return }
    guard let token = fields["NextContinuationToken"], !token.isEmpty else { throw S3Page.endless() }
    next = .token(token)
  }

  /// Reads the answer to ListObjectVersions; delete markers are passed over.
  package init(versions document: [UInt8]) throws(Failure) {
    var fields: [String: String] = [:]
    try read(document, root: "ListVersionsResult", entry: "Version", &fields)
    guard fields["IsTruncated"] == "true" else { return }
    guard let key = fields["NextKeyMarker"], !key.isEmpty else { throw S3Page.endless() }
    next = .after(key: key, version: fields["NextVersionIdMarker"] ?? "")
  }

  private mutating func read(
    _ document: [UInt8], root: String, entry: String, _ fields: inout [String: String]
  ) throws(Failure) {
    var reader = XMLReader(document)
    guard try reader.next() == .start(root) else {
      throw Failure(
        .storeUnavailable, "the store answers something that is no listing",
        next: "Check that the endpoint is an S3 store.")
    }
    while let token = try reader.next() {
      guard case .start(let name) = token else { continue }
      switch name {
      case entry: entries.append(try S3Page.entry(&reader))
      case "CommonPrefixes": prefixes.append(try S3Page.prefix(&reader))
      case "IsTruncated", "NextContinuationToken", "NextKeyMarker", "NextVersionIdMarker":
        fields[name] = try reader.element()
      default: try reader.skip()
      }
    }
  }

  private static func entry(_ reader: inout XMLReader) throws(Failure) -> Entry {
    var entry = Entry()
    var size: UInt64?
    loop: while let token = try reader.next() {
      switch token {
      case .start("Key"): entry.key = try reader.element()
      case .start("VersionId"): entry.version = try reader.element()
      case .start("IsLatest"): entry.isLatest = try reader.element() == "true"
      case .start("Size"): size = UInt64(try reader.element())
      case .start: try reader.skip()
      case .end: break loop
      case .text: break
      }
    }
    guard let size, !entry.key.isEmpty else { throw XMLReader.broken("an object without a key or a size") }
    entry.size = size
    return entry
  }

  private static func prefix(_ reader: inout XMLReader) throws(Failure) -> String {
    var prefix = ""
    while let token = try reader.next() {
      switch token {
      case .start("Prefix"): prefix = try reader.element()
      case .start: try reader.skip()
      case .end: return prefix
      case .text: break
      }
    }
    return prefix
  }

  private static func endless() -> Failure {
    Failure(
      .storeUnavailable, "a listing says that it goes on, and not where",
      next: "Check that the endpoint is an S3 store.")
  }
}
