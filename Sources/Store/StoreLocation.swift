package import Bytes

/// Where a store is, as people write it: a path, or an address with a scheme.
package enum StoreLocation: Hashable, Sendable {
  /// A folder of this machine.
  case local(String)

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
    case "s3": throw Failure(.usage, "s3 stores are not supported yet", at: text, next: "Give a folder.")
    default: throw Failure(.usage, "unknown kind of store: \(scheme)", at: text, next: "Give a folder.")
    }
  }

  /// Opens the store.
  ///
  /// - Parameter create: makes a local folder if it isn't there; otherwise that throws `storeMissing`
  package func open(create: Bool = false) throws(Failure) -> any Store {
    switch self {
    case .local(let path): try LocalStore(path, create: create)
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
