package import Cryptography
package import Store

/// Where the objects of a repository lie in S3, and how they are put there and fetched.
package struct S3Settings: Sendable {
  /// The bucket; it exists already.
  package var bucket: String
  /// What all keys begin with, without a slash at either end; empty for the whole bucket.
  package var prefix: String
  /// Where requests go.
  package var endpoint: S3Endpoint
  /// The region that requests are signed for. Stores other than AWS take any, as a rule.
  package var region: String
  /// A file of certificates (PEM) that alone are trusted; nil for those of the system.
  package var caFile: String?
  /// `x-amz-storage-class` of new objects; nil for the bucket's own.
  package var storageClass: String?
  /// How the store encrypts new objects, on top of what we do; nil for the bucket's own way.
  package var encryption: S3Encryption?
  /// Keeps new objects from being deleted or replaced.
  package var lock: S3Lock?
  /// Whether the store refuses to replace an object when asked to.
  package var writeOnce: S3WriteOnce
  /// Held to by everything sent.
  package var uploadLimit: RateLimit?
  /// Held to by everything received.
  package var downloadLimit: RateLimit?
  /// Seconds until a connection that was not made counts as failed.
  package var connectTimeout: Int
  /// Seconds without a byte in either direction after which a transfer counts as failed.
  package var stallTimeout: Int

  /// - Parameters:
  ///   - bucket: its name
  ///   - prefix: what all keys begin with; may be empty
  ///   - endpoint: where requests go
  ///   - region: what they are signed for
  package init(bucket: String, prefix: String, endpoint: S3Endpoint, region: String) {
    self.bucket = bucket
    self.prefix = prefix
    self.endpoint = endpoint
    self.region = region
    caFile = nil
    storageClass = nil
    encryption = nil
    lock = nil
    writeOnce = .unknown
    uploadLimit = nil
    downloadLimit = nil
    connectTimeout = 10
    stallTimeout = 60
  }
}

/// How the store encrypts an object (server-side encryption).
package enum S3Encryption: Sendable {
  /// With a key of the store's own (SSE-S3).
  case s3
  /// With a key of its key service, by its id or ARN; nil for the account's (SSE-KMS).
  case kms(key: String?)
  /// With our key of 32 bytes, which goes along with every request and is never stored (SSE-C).
  case customer(key: Secret)
}

/// Object lock: until when an object can be neither deleted nor replaced, counted from its put.
package struct S3Lock: Sendable, Equatable {
  /// Who may end it early.
  package enum Mode: String, Sendable, CaseIterable {
    /// Whoever has the right to bypass it.
    case governance = "GOVERNANCE"
    /// Nobody.
    case compliance = "COMPLIANCE"
  }

  package var mode: Mode
  package var seconds: UInt64

  package init(mode: Mode, seconds: UInt64) {
    self.mode = mode
    self.seconds = seconds
  }
}

/// Whether a store honours `If-None-Match: *` on a put.
package enum S3WriteOnce: String, Sendable, CaseIterable {
  /// It answers 412 where there is an object.
  case honoured
  /// It replaces the object, or refuses the header.
  case ignored
  /// Found out while working.
  case unknown
}
