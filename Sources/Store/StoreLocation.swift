package import Bytes

/// Where a store is, as people write it: a path, or an address with a scheme.
package enum StoreLocation: Hashable, Sendable {
  /// A folder of this machine.
  case local(String)
  /// Objects of a bucket whose keys begin with `prefix/`, or all of them if it is empty.
  case s3(bucket: String, prefix: String)

  /// Reads a path, `file:///path`, or another address; throws `usage` for what lifeboat cannot open.
  package init(_ text: String) throws(Failure) {
    guard !text.isEmpty else {
      throw Failure(.usage, "the location of the store is empty", next: "Give a folder.")
    }
    guard let scheme = StoreLocation.scheme(of: text) else {
      guard !text.utf8.contains(0) else { throw Failure(.usage, "a zero byte in the location of the store") }
      self = .local(text)
      return
    }
    let rest = String(text.dropFirst(scheme.count + 3))
    switch scheme.lowercased() {
    case "file": self = .local(try StoreLocation.path(rest, text))
    case "s3": self = try StoreLocation.bucket(rest, text)
    default:
      throw Failure(
        .usage, "unknown kind of store: \(scheme)", at: text, next: "Give a folder, or s3://bucket/prefix.")
    }
  }

  /// Whether it is a folder.
  package var isLocal: Bool {
    if case .local = self { true } else { false }
  }

  /// As people write it.
  package var text: String {
    switch self {
    case .local(let path): path
    case .s3(let bucket, let prefix): prefix.isEmpty ? "s3://\(bucket)" : "s3://\(bucket)/\(prefix)"
    }
  }

  /// A bucket and what the keys in it begin with; slashes at the end of the prefix mean nothing.
  private static func bucket(_ rest: String, _ text: String) throws(Failure) -> StoreLocation {
    let parts = rest.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
    let bucket = String(parts[0])
    var prefix = parts.count > 1 ? parts[1] : ""
    while prefix.hasSuffix("/") { prefix = prefix.dropLast() }
    let isBucket = (3...63).contains(bucket.utf8.count) && bucket.utf8.allSatisfy(isLetterOfBucket)
    guard isBucket else {
      throw Failure(
        .usage, "not the name of a bucket: 3 to 63 letters, digits, dots or hyphens", at: text,
        next: "Write s3://bucket/prefix.")
    }
    guard prefix.isEmpty || (StorePath(String(prefix)) != nil && prefix.utf8.count <= longestPrefix) else {
      throw Failure(
        .usage,
        "the prefix may have letters, digits, and - _ . between its slashes, \(longestPrefix) bytes in all", at: text,
        next: "Write s3://bucket/prefix.")
    }
    return .s3(bucket: bucket, prefix: String(prefix))
  }

  /// Keys may have 1,024 bytes, paths in a store 512.
  private static let longestPrefix = 500

  private static func isLetterOfBucket(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"):
      true
    default: false
    }
  }

  /// The letters before `://`; nil where it is a plain path. A single letter is no scheme.
  private static func scheme(of text: String) -> String? {
    let letters = text.prefix { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "+" || $0 == "-") }
    return letters.count > 1 && text.dropFirst(letters.count).hasPrefix("://") ? String(letters) : nil
  }

  /// The path of a `file` address: absolute, on this machine, with `%` escapes taken back.
  private static func path(_ rest: String, _ text: String) throws(Failure) -> String {
    let path = rest.hasPrefix("localhost/") ? String(rest.dropFirst("localhost".count)) : rest
    guard path.hasPrefix("/") else {
      throw Failure(.usage, "a file address names another machine", at: text, next: "Write file:///path, or the path.")
    }
    var bytes: [UInt8] = []
    var left = ArraySlice(path.utf8)
    while let byte = left.popFirst() {
      guard byte == UInt8(ascii: "%") else {
        bytes.append(byte)
        continue
      }
      let digits = String(decoding: left.prefix(2), as: UTF8.self).lowercased()
      guard let value = Hex.decode(digits), value.count == 1, value[0] != 0 else {
        throw Failure(.usage, "a malformed escape in a file address", at: text)
      }
      bytes += value
      left = left.dropFirst(2)
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
