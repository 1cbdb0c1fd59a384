package import Bytes

/// Where the requests of a store go.
package struct S3Endpoint: Sendable, Equatable {
  /// `http` or `https`.
  package let scheme: String
  /// A name, an IPv4 address, or an IPv6 address in brackets; in lower case.
  package let host: String
  /// Nil for the scheme's own.
  package let port: UInt16?
  /// What stands between the host and the bucket or key: empty, or `/path` without a slash at its end.
  package let path: String
  /// The bucket is the first part of the path; else it is the first label of the host's name.
  package var isPathStyle: Bool

  /// Reads `https://host[:port][/path]`.
  ///
  /// - Parameters:
  ///   - url: the address; a query, a user name or a password in it is refused
  ///   - isPathStyle: nil chooses: the bucket as a part of the host's name on AWS, as a part of the path elsewhere
  /// - Throws: `usage` for anything else.
  package init(_ url: String, isPathStyle: Bool? = nil) throws(Failure) {
    let parts = url.split(separator: "/", maxSplits: 3, omittingEmptySubsequences: false)
    let scheme = parts[0].lowercased()
    guard parts.count >= 3, scheme == "http:" || scheme == "https:", parts[1].isEmpty else {
      throw S3Endpoint.refusal(url)
    }
    var path = parts.count > 3 ? parts[3] : ""
    while path.hasSuffix("/") { path = path.dropLast() }
    guard path.isEmpty || path.utf8.allSatisfy({ RequestEncoding.isUnreserved($0) || $0 == UInt8(ascii: "/") }) else {
      throw S3Endpoint.refusal(url)
    }
    let (host, port) = try S3Endpoint.authority(parts[2].lowercased(), url)
    self.scheme = String(scheme.dropLast())
    self.host = host
    self.port = port == (scheme == "http:" ? 80 : 443) ? nil : port
    self.path = path.isEmpty ? "" : "/\(path)"
    self.isPathStyle = isPathStyle ?? !S3Quirks.of(host: host).takesBucketsInHostNames
  }

  /// AWS in a region.
  package static func amazon(region: String) throws(Failure) -> S3Endpoint {
    guard !region.isEmpty, region.utf8.allSatisfy({ RequestEncoding.isUnreserved($0) }) else {
      throw Failure(.usage, "not the name of a region: \(region)", next: "Write one such as eu-central-1.")
    }
    let domain = region.hasPrefix("cn-") ? "amazonaws.com.cn" : "amazonaws.com"
    return try S3Endpoint("https://s3.\(region).\(domain)")
  }

  /// The address without bucket and key.
  package var url: String { "\(scheme)://\(host)\(port.map { ":\($0)" } ?? "")\(path)" }

  /// Whether it is this machine: nobody listens to what goes there.
  package var isLoopback: Bool {
    host == "localhost" || host.hasSuffix(".localhost") || host.hasPrefix("127.") || host == "[::1]"
  }

  /// The host as the header of that name has it, for requests about a bucket.
  func hostHeader(bucket: String) -> String {
    let name = isBucketInPath(bucket) ? host : "\(bucket).\(host)"
    return port.map { "\(name):\($0)" } ?? name
  }

  /// The escaped path of a key, or of the bucket itself.
  func path(bucket: String, key: String?) -> String {
    var path = self.path
    if isBucketInPath(bucket) { path += "/" + RequestEncoding.path(bucket) }
    if let key { path += "/" + RequestEncoding.path(key) }
    return path.isEmpty ? "/" : path
  }

  /// A dot in a bucket's name would make a host that the certificate does not cover, and an address has no labels.
  private func isBucketInPath(_ bucket: String) -> Bool {
    let isAddress = host.hasPrefix("[") || host.utf8.allSatisfy { (0x30...0x39).contains($0) || $0 == 0x2e }
    return isPathStyle || isAddress || (scheme == "https" && bucket.utf8.contains(UInt8(ascii: ".")))
  }

  private static func authority(_ text: String, _ url: String) throws(Failure) -> (host: String, port: UInt16?) {
    var host = text
    var port: UInt16?
    let afterAddress = text.lastIndex(of: "]") ?? text.startIndex
    if let colon = text[afterAddress...].lastIndex(of: ":") {
      guard let number = UInt16(text[text.index(after: colon)...]), number > 0 else { throw refusal(url) }
      host = String(text[..<colon])
      port = number
    }
    let isAddress = host.hasPrefix("[") && host.hasSuffix("]")
    let letters = isAddress ? host.dropFirst().dropLast() : host[...]
    let areLetters = letters.utf8.allSatisfy { byte in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"),
        UInt8(ascii: "."), UInt8(ascii: "_"):
        true
      default: isAddress && byte == UInt8(ascii: ":")
      }
    }
    guard !letters.isEmpty, areLetters else { throw refusal(url) }
    return (host, port)
  }

  /// A password could stand in what was given, so it is not repeated.
  private static func refusal(_ url: String) -> Failure {
    Failure(
      .usage, "not the address of a store", at: url.contains("@") ? "" : url,
      next: "Write it as https://host or https://host:port, without a user's name or a password.")
  }
}
