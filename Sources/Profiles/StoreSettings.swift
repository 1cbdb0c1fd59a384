/// How a store is reached and used: the `store` group of a profile, a drill, or a copy. What is nil is left to the
/// environment, to the shared files of the AWS tools, or to the product. No secret is in it.
package struct StoreSettings: Sendable, Equatable {
  /// Where a bucket's name stands in an address.
  package enum Addressing: String, Sendable {
    /// `https://host/bucket`.
    case path
    /// `https://bucket.host`.
    case virtual
  }

  /// How the store encrypts objects, on top of what lifeboat does.
  package enum Encryption: Sendable, Equatable {
    /// With keys of its own.
    case s3
    /// With a key of its key service; nil for the account's.
    case kms(key: String?)
    /// With our key: 32 bytes in Base64.
    case customer(SecretReference)
  }

  /// For how long a new object can be neither replaced nor deleted.
  package struct Lock: Sendable, Equatable {
    /// Who may end it early.
    package enum Mode: String, Sendable {
      /// Those who have the right to.
      case governance
      /// Nobody.
      case compliance
    }

    package var mode: Mode
    package var days: Int

    package init(mode: Mode, days: Int) {
      self.mode = mode
      self.days = days
    }
  }

  /// `https://host:port`.
  package var endpoint: String?
  package var region: String?
  /// A profile of the shared AWS files whose credentials are used.
  package var awsProfile: String?
  package var addressing: Addressing?
  /// A file of certificates (PEM) that alone are trusted.
  package var certificates: String?
  package var storageClass: String?
  package var encryption: Encryption?
  package var lock: Lock?
  /// Whether the store refuses to replace an object when asked to; nil finds out.
  package var hasConditionalPuts: Bool?
  /// Bytes a second.
  package var uploadLimit: ByteCount?
  /// Bytes a second.
  package var downloadLimit: ByteCount?
  /// For how long calls that fail are tried again.
  package var retryFor: Seconds?

  package init() {}

  /// These settings, and those of `others` where these say nothing.
  package func completed(by others: StoreSettings) -> StoreSettings {
    var all = self
    all.endpoint = endpoint ?? others.endpoint
    all.region = region ?? others.region
    all.awsProfile = awsProfile ?? others.awsProfile
    all.addressing = addressing ?? others.addressing
    all.certificates = certificates ?? others.certificates
    all.storageClass = storageClass ?? others.storageClass
    all.encryption = encryption ?? others.encryption
    all.lock = lock ?? others.lock
    all.hasConditionalPuts = hasConditionalPuts ?? others.hasConditionalPuts
    all.uploadLimit = uploadLimit ?? others.uploadLimit
    all.downloadLimit = downloadLimit ?? others.downloadLimit
    all.retryFor = retryFor ?? others.retryFor
    return all
  }
}

/// A second place of a repository: objects that are missing or damaged in the first are taken from there.
package struct CopySettings: Sendable, Equatable {
  /// A folder, or `s3://bucket/prefix`.
  package var location: String
  package var store: StoreSettings

  package init(location: String, store: StoreSettings = StoreSettings()) {
    self.location = location
    self.store = store
  }
}
