import Bytes
import Cryptography
import Databases
import FoundationEssentials
import Pipeline
import Profiles
import StoreS3

extension S3Encryption {
  /// What a profile asks for; fetches the key that it refers to.
  ///
  /// - Throws: `keyInvalid` where nothing is found, or something else than 32 bytes in Base64
  init(_ wanted: StoreSettings.Encryption, stop: StopSignal) throws(Failure) {
    switch wanted {
    case .s3: self = .s3
    case .kms(let key): self = .kms(key: key)
    case .customer(let reference):
      var text = try SecretFetcher.fetch(reference, stop: stop)
      defer { Sodium.wipe(&text) }
      guard var bytes = Data(base64Encoded: Data(text)), bytes.count == 32 else {
        throw Failure(
          .keyInvalid, "the key for the store's encryption is not 32 bytes in Base64", at: reference.text,
          next: "Make one with: head -c 32 /dev/urandom | base64")
      }
      defer { bytes.resetBytes(in: 0..<bytes.count) }
      self = .customer(key: Secret(copying: bytes))
    }
  }
}

extension S3Lock {
  init(_ wanted: StoreSettings.Lock) {
    let mode: Mode =
      switch wanted.mode {
      case .governance: .governance
      case .compliance: .compliance
      }
    self.init(mode: mode, seconds: UInt64(wanted.days) * 86_400)
  }
}
