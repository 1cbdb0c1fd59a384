/// What is known of stores that call themselves S3, as a table. What is not known here is found out while working.
package struct S3Quirks: Sendable, Equatable {
  /// The provider or program.
  package let name: String
  /// What the hosts of its endpoints end with.
  let hosts: [String]
  /// What the `Server` header of its answers begins with, in lower case.
  let servers: [String]
  /// Buckets stand in the host's name by default.
  package let takesBucketsInHostNames: Bool
  /// Whether it honours `If-None-Match: *` on a put.
  package let writeOnce: S3WriteOnce

  private init(
    _ name: String, hosts: [String] = [], servers: [String] = [], takesBucketsInHostNames: Bool = false,
    writeOnce: S3WriteOnce = .unknown
  ) {
    self.name = name
    self.hosts = hosts
    self.servers = servers
    self.takesBucketsInHostNames = takesBucketsInHostNames
    self.writeOnce = writeOnce
  }

  /// A store that the table does not know.
  package static let unknown = S3Quirks("S3")

  /// The provider that a host belongs to.
  package static func of(host: String) -> S3Quirks {
    table.first { quirks in quirks.hosts.contains { host == $0 || host.hasSuffix(".\($0)") } } ?? unknown
  }

  /// The program that an answer's `Server` header names.
  package static func of(server: String) -> S3Quirks {
    let server = server.lowercased()
    return table.first { quirks in quirks.servers.contains { server.hasPrefix($0) } } ?? unknown
  }

  private static let table = [
    // Conditional writes since August 2024, in every region.
    S3Quirks(
      "AWS", hosts: ["amazonaws.com", "amazonaws.com.cn"], takesBucketsInHostNames: true, writeOnce: .honoured),
    S3Quirks("Cloudflare R2", hosts: ["r2.cloudflarestorage.com"], writeOnce: .honoured),
    // Refuses the header with 501; found out by the first put.
    S3Quirks("Backblaze B2", hosts: ["backblazeb2.com"]),
    // Has a header of its own for it, and no other way.
    S3Quirks("Google Cloud Storage", hosts: ["storage.googleapis.com"]),
    // serve s3 takes the header and replaces the object nevertheless (1.75, measured).
    S3Quirks("rclone", servers: ["rclone/"], writeOnce: .ignored),
  ]
}
