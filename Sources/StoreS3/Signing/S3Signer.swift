package import Bytes
import Cryptography
import Synchronization

/// Signs requests as AWS defines it (Signature Version 4, in headers): S3 and, for credentials, STS.
///
/// Address, query and headers must be sent exactly as they were given here; headers that are added later are not
/// covered. libcurl has a signer of its own, which neither encodes nor sorts, and would get to know the secret.
package final class S3Signer: Sendable {
  /// What of a request is signed beside its headers.
  package struct Target: Sendable {
    package var method: String
    /// With its port, if that is not the scheme's own.
    package var host: String
    /// Encoded; begins with a slash.
    package var path: String
    /// Encoded and sorted, as `RequestEncoding.query` makes it; may be empty.
    package var query: String

    package init(method: String, host: String, path: String, query: String = "") {
      self.method = method
      self.host = host
      self.path = path
      self.query = query
    }
  }

  /// The digest of no bytes at all, the body of most requests.
  package static let emptyBody = ObjectDigest.name(of: [])

  /// The last signing key, for it is good for a whole day.
  private struct Derived {
    let secret: Secret
    let day: String
    let key: Secret
  }

  private let region: String
  private let service: String
  private let derived = Mutex<Derived?>(nil)

  /// - Parameters:
  ///   - region: such as `us-east-1`
  ///   - service: `s3`, `sts`
  package init(region: String, service: String = "s3") {
    self.region = region
    self.service = service
  }

  /// The headers that a request needs beside those it has: `x-amz-date`, `Authorization`, with temporary credentials
  /// `x-amz-security-token`, and for S3 `x-amz-content-sha256`.
  ///
  /// - Parameters:
  ///   - target: the request
  ///   - headers: what it has already, all of which is signed; without `Host`, which libcurl adds
  ///   - body: the SHA-256 of its body
  ///   - credentials: whose request it is
  ///   - time: nanoseconds since the epoch by the store's clock
  package func sign(
    _ target: Target, headers: [(name: String, value: String)], body: Name, with credentials: S3Credentials,
    at time: UInt64
  ) -> [(name: String, value: String)] {
    let stamp = SigningTime(time)
    var added = [(name: "x-amz-date", value: stamp.text)]
    if let token = credentials.sessionToken { added.append((name: "x-amz-security-token", value: token)) }
    if service == "s3" { added.append((name: "x-amz-content-sha256", value: body.hex)) }
    let (request, names) = canonicalRequest(target, headers + added, body)
    let scope = "\(stamp.day)/\(region)/\(service)/aws4_request"
    let digest = ObjectDigest.name(of: Array(request.utf8)).hex
    let key = signingKey(credentials.secret, stamp.day)
    let signature = Hex.encode(
      MessageCode.code(of: Array("AWS4-HMAC-SHA256\n\(stamp.text)\n\(scope)\n\(digest)".utf8), under: key))
    let authorization =
      "AWS4-HMAC-SHA256 Credential=\(credentials.accessKey)/\(scope), SignedHeaders=\(names), Signature=\(signature)"
    return added + [(name: "Authorization", value: authorization)]
  }

  /// The request in its one spelling, and the names of the headers in it.
  private func canonicalRequest(
    _ target: Target, _ headers: [(name: String, value: String)], _ body: Name
  ) -> (text: String, names: String) {
    let all = (headers + [(name: "host", value: target.host)])
      .map { (name: $0.name.lowercased(), value: S3Signer.trimmed($0.value)) }
      .sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
    let names = all.map(\.name).joined(separator: ";")
    var text = "\(target.method)\n\(target.path)\n\(target.query)\n"
    for header in all { text += "\(header.name):\(header.value)\n" }
    text += "\n\(names)\n\(body.hex)"
    return (text, names)
  }

  /// Without blanks at the ends, and with one for each run of them.
  private static func trimmed(_ value: String) -> String {
    value.split { $0 == " " || $0 == "\t" }.joined(separator: " ")
  }

  private func signingKey(_ secret: Secret, _ day: String) -> Secret {
    if let known = derived.withLock({ $0 }), known.day == day, known.secret === secret { return known.key }
    let start = Secret(count: secret.count + 4) { target in
      target.copyBytes(from: "AWS4".utf8)
      secret.withBytes { UnsafeMutableRawBufferPointer(rebasing: target[4...]).copyBytes(from: $0) }
    }
    let key = [day, region, service, "aws4_request"].reduce(start) { key, part in
      MessageCode.secretCode(of: Array(part.utf8), under: key)
    }
    derived.withLock { $0 = Derived(secret: secret, day: day, key: key) }
    return key
  }
}
