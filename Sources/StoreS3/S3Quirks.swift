/// What is known of stores that call themselves S3, as a table. What is not known here is found out while working.
///
/// Providers are told by the hosts of their endpoints alone: the `Server` header tells nothing, for more than one
/// program calls itself AmazonS3 in it.
package struct S3Quirks: Sendable, Equatable {
  /// The provider.
  package let name: String
  /// What the hosts of its endpoints end with.
  let hosts: [String]
  /// Buckets stand in the host's name by default.
  package let takesBucketsInHostNames: Bool
  /// Whether it honours `If-None-Match: *` on a put.
  package let writeOnce: S3WriteOnce

  private init(
    _ name: String, hosts: [String] = [], takesBucketsInHostNames: Bool = false, writeOnce: S3WriteOnce = .unknown
  ) {
    self.name = name
    self.hosts = hosts
    self.takesBucketsInHostNames = takesBucketsInHostNames
    self.writeOnce = writeOnce
  }

  /// A store that the table does not know.
  package static let unknown = S3Quirks("S3")

  /// The provider that a host belongs to.
  package static func of(host: String) -> S3Quirks {
    table.first { quirks in quirks.hosts.contains { host == $0 || host.hasSuffix(".\($0)") } } ?? unknown
  }

  private static let table = [
    // Conditional writes since August 2024, in every region.
    S3Quirks(
      "AWS", hosts: ["amazonaws.com", "amazonaws.com.cn"], takesBucketsInHostNames: true, writeOnce: .honoured),
    S3Quirks("Cloudflare R2", hosts: ["r2.cloudflarestorage.com"], writeOnce: .honoured),
  ]
}
