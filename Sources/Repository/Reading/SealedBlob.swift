import Bytes
import Cryptography
import Format

/// The one place that opens a sealed blob.
enum SealedBlob {
  /// Opens `sealed` into `target`; returns the length of the content.
  static func open(
    _ sealed: UnsafeRawBufferPointer, address: BlobAddress, key: SessionKey, into target: UnsafeMutableRawBufferPointer
  ) throws(Failure) -> Int {
    try address.additionalData.withUnsafeBufferPointer { (bound) throws(Failure) in
      try key.open(sealed, additional: UnsafeRawBufferPointer(bound), into: target)
    }
  }
}
