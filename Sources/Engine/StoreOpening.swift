package import Bytes
import Profiles
package import Store
package import StoreS3

/// Opens stores by their address: the one place that knows every kind, and what is put around each.
package enum StoreOpening {
  /// Opens a store.
  ///
  /// A folder is held to the limits of its settings; a bucket holds itself to them, and its calls are tried again for
  /// as long as the settings say.
  ///
  /// - Parameters:
  ///   - address: where it is, and what is known of the way
  ///   - create: makes a local folder if it isn't there; otherwise that throws `storeMissing`. A bucket is there
  ///   - surroundings: what it needs from the run
  package static func open(
    _ address: StoreAddress, create: Bool = false, in surroundings: StoreSurroundings = StoreSurroundings()
  ) throws(Failure) -> any Store {
    let store = try openUncounted(address, create: create, in: surroundings)
    return surroundings.counting?(store) ?? store
  }

  private static func openUncounted(
    _ address: StoreAddress, create: Bool, in surroundings: StoreSurroundings
  ) throws(Failure) -> any Store {
    switch address.location {
    case .local(let path):
      let bare = try LocalStore(path, create: create)
      guard let injection = surroundings.injection else { return folder(bare, address, surroundings) }
      // A folder's calls are not tried again, as a rule: what a disk says once it says twice. Faults that pass are
      // those of a store behind a network, and so is what lifeboat has against them.
      let faulty = folder(injection.store(bare, surroundings.part), address, surroundings)
      return retrying(faulty, address, surroundings)
    case .s3:
      let (settings, credentials) = try bucket(address, in: surroundings)
      let part = surroundings.part
      let store = try S3Store(
        settings, credentials: surroundings.injection?.credentials(credentials, part) ?? credentials,
        stop: surroundings.stop, notices: surroundings.notices)
      return retrying(surroundings.injection?.store(store, part) ?? store, address, surroundings)
    }
  }

  private static func retrying(
    _ store: any Store, _ address: StoreAddress, _ surroundings: StoreSurroundings
  ) -> any Store {
    RetryingStore(store, retries(address.settings), stop: surroundings.stop, notices: surroundings.notices)
  }

  /// What leads to a bucket: what the address says, completed by the environment.
  ///
  /// - Throws: `usage` for an address that is no bucket's, and for settings that mean nothing; what fetching a key
  ///   throws. Nothing is asked of the store yet.
  package static func bucket(
    _ address: StoreAddress, in surroundings: StoreSurroundings
  ) throws(Failure) -> (settings: S3Settings, credentials: any CredentialsProvider) {
    guard case .s3(let bucket, let prefix) = address.location else {
      throw Failure(.usage, "this is no bucket", at: address.location.text, next: "Give s3://bucket/prefix.")
    }
    let wanted = address.settings
    let choices = S3Choices(
      endpoint: wanted.endpoint, region: wanted.region, awsProfile: wanted.awsProfile,
      isPathStyle: wanted.addressing.map { $0 == .path }, caFile: wanted.certificates)
    var (settings, credentials) = try S3Environment(variables: surroundings.environment).resolve(
      bucket: bucket, prefix: prefix, explicit: choices, stop: surroundings.stop)
    settings.storageClass = wanted.storageClass
    settings.encryption = try wanted.encryption.map { (encryption) throws(Failure) in
      try S3Encryption(encryption, stop: surroundings.stop)
    }
    settings.lock = wanted.lock.map { S3Lock($0) }
    settings.writeOnce = wanted.hasConditionalPuts.map { $0 ? .honoured : .ignored } ?? .unknown
    settings.uploadLimit = limit(wanted.uploadLimit)
    settings.downloadLimit = limit(wanted.downloadLimit)
    return (settings, credentials)
  }

  private static func folder(
    _ store: any Store, _ address: StoreAddress, _ surroundings: StoreSurroundings
  ) -> any Store {
    let (upload, download) = (limit(address.settings.uploadLimit), limit(address.settings.downloadLimit))
    if upload == nil, download == nil { return store }
    return LimitedStore(store, upload: upload, download: download, stop: surroundings.stop)
  }

  private static func retries(_ settings: StoreSettings) -> RetryPolicy {
    guard let budget = settings.retryFor else { return RetryPolicy() }
    return RetryPolicy(budget: UInt64(budget.count) * 1_000_000_000)
  }

  private static func limit(_ rate: ByteCount?) -> RateLimit? {
    rate.flatMap { $0.count > 0 ? RateLimit(bytesPerSecond: $0.count) : nil }
  }
}
