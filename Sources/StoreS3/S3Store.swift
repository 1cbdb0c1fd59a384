package import Bytes
import Cryptography
package import Pipeline
package import Store
import Synchronization

/// A store in a bucket: one object an object, its key the prefix and the path.
///
/// It tries every call once; what fails and may succeed later says so in `Failure.retry`. Only what is wrong with the
/// request itself is mended here: a clock, credentials, a header that the store does not know.
package final class S3Store: Store {
  /// For requests that no store call makes, such as those of an audit.
  package let client: S3Client
  let notices: NoticeSink
  let writeOnce: WriteOnce
  /// Objects whose last version is wrong, and which of the older ones is right.
  let intact = Mutex<[StorePath: String]>([:])
  /// The bucket asks for `Content-MD5` with every put, for it locks objects by itself.
  let wantsMD5: Atomic<Bool>
  private let said = Mutex<Set<String>>([])

  /// Connects to nothing yet: a bucket that is not there is found out by the first call.
  ///
  /// - Parameters:
  ///   - settings: the bucket and how to use it
  ///   - credentials: whose requests they are
  ///   - stop: ends transfers under way, within a second
  ///   - notices: gets to know what is not as it should be
  ///   - clock: the clock of this host, in nanoseconds since the epoch
  /// - Throws: `usage` for settings that make no sense.
  package init(
    _ settings: S3Settings, credentials: any CredentialsProvider, stop: StopSignal, notices: @escaping NoticeSink,
    clock: @escaping @Sendable () -> UInt64 = WallClock.now
  ) throws(Failure) {
    client = try S3Client(settings, credentials: credentials, stop: stop, notices: notices, clock: clock)
    self.notices = notices
    writeOnce = WriteOnce(settings.writeOnce)
    wantsMD5 = Atomic(settings.lock != nil)
  }

  package var description: String {
    StoreLocation.s3(bucket: client.settings.bucket, prefix: client.settings.prefix).text
  }

  package var traits: StoreTraits {
    StoreTraits(
      kind: "s3", refusesOverwrites: writeOnce.isHonoured(client.quirks), survivesPowerLoss: true,
      listsConsistently: true)
  }

  package func delete(_ path: StorePath) throws(Failure) {
    let request = S3Request("DELETE", key: client.key(of: path.text))
    let answer = try client.send(request)
    guard !answer.isSuccess else { return }
    let failure = client.failure(of: answer, "cannot delete an object", request)
    // Deleting what is not there is no fault; a bucket that is not there is.
    if failure.code == .storeMissing, answer.error.code != "NoSuchBucket" { return }
    throw failure
  }

  /// Buckets know no such limit.
  package func freeBytes() throws(Failure) -> UInt64? { nil }

  /// The headers without which an object that we encrypted with a key of ours can be neither put nor read.
  var customerKey: [(name: String, value: String)] {
    guard case .customer(let key) = client.settings.encryption else { return [] }
    let prefix = "x-amz-server-side-encryption-customer"
    return [
      ("\(prefix)-algorithm", "AES256"), ("\(prefix)-key", key.base64()),
      ("\(prefix)-key-MD5", key.withBytes { ContentMD5.text(of: $0) }),
    ]
  }

  /// Says something once in the life of this store.
  func sayOnce(_ what: String) {
    if said.withLock({ $0.insert(what).inserted }) { notices(.degraded(what)) }
  }
}
