import Bytes
import Cryptography
import Glibc

extension S3Settings {
  /// Throws `usage` for what cannot work, before anything is sent.
  func check() throws(Failure) {
    guard !bucket.isEmpty, bucket.utf8.allSatisfy({ RequestEncoding.isUnreserved($0) }) else {
      throw Failure(.usage, "not the name of a bucket: \(bucket)")
    }
    guard !region.isEmpty, region.utf8.allSatisfy({ RequestEncoding.isUnreserved($0) }) else {
      throw Failure(.usage, "not the name of a region: \(region)", next: "Write one such as eu-central-1.")
    }
    if let file = caFile, access(file, R_OK) != 0 {
      throw SystemError(call: "access", subject: file, number: errno)
        .failure(.usage, "cannot read the file of trusted certificates", next: "Check ca-file or AWS_CA_BUNDLE.")
    }
    if let name = storageClass, !S3Settings.isHeaderValue(name) {
      throw Failure(.usage, "not the name of a storage class: \(name)")
    }
    try checkEncryption()
    guard connectTimeout > 0, stallTimeout > 0 else { throw Failure(.usage, "a time limit of zero") }
  }

  private func checkEncryption() throws(Failure) {
    switch encryption {
    case .kms(let key?) where !S3Settings.isHeaderValue(key):
      throw Failure(.usage, "not the name of a key of a key service: \(key)")
    case .customer(let key):
      guard key.count == 32 else {
        throw Failure(.usage, "the key for the store's encryption has \(key.count) bytes and not 32")
      }
      // Every request carries the key itself.
      guard endpoint.scheme == "https" || endpoint.isLoopback else {
        throw Failure(
          .usage, "the key for the store's encryption would go over the network in the clear", at: endpoint.url,
          next: "Use an https endpoint.")
      }
    default: break
    }
  }

  private static func isHeaderValue(_ text: String) -> Bool {
    !text.isEmpty && text.utf8.allSatisfy { (0x21...0x7e).contains($0) }
  }
}
