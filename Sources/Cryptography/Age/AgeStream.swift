import CSodium

/// The payload of an age file: pieces of 64 KiB, each sealed under its number and whether it is the last.
///
/// So no piece can be left out, moved, repeated or cut off. An empty last piece is allowed only as the only one.
enum AgeStream {
  static let nonceCount = 16
  private static let piece = 65_536
  private static let tag = 16

  /// How many sealed bytes hold `plain` bytes, without the nonce in front of them.
  static func sealedCount(plain: Int) -> Int {
    plain + tag * max(1, (plain + piece - 1) / piece)
  }

  /// How many plain bytes lie in `sealed` bytes; nil where no payload has that length.
  static func plainCount(sealed: Int) -> Int? {
    let pieces = (sealed + piece + tag - 1) / (piece + tag)
    let plain = sealed - tag * pieces
    return pieces > 0 && plain >= 0 && sealedCount(plain: plain) == sealed ? plain : nil
  }

  static func key(from fileKey: Secret, nonce: [UInt8]) -> Secret {
    HKDF.derive(from: fileKey, salt: nonce, info: Array("payload".utf8))
  }

  /// Seals `plain` into `target`, which has exactly the room for it.
  static func seal(_ plain: UnsafeRawBufferPointer, under key: Secret, into target: UnsafeMutableRawBufferPointer) {
    precondition(target.count == sealedCount(plain: plain.count))
    let input = plain.bindMemory(to: UInt8.self).baseAddress
    let output = target.bindMemory(to: UInt8.self).baseAddress!
    var nonce = Nonce()
    var offset = 0
    repeat {
      let size = min(piece, plain.count - offset)
      nonce.isLast = offset + size == plain.count
      let status = key.withPointer { keyBase in
        crypto_aead_chacha20poly1305_ietf_encrypt(
          output + offset + tag * nonce.number, nil, input.map { $0 + offset }, UInt64(size), nil, 0, nil, nonce.bytes,
          keyBase)
      }
      precondition(status == 0)
      offset += size
      nonce.number += 1
    } while offset < plain.count
  }

  /// Opens `sealed` into `target`, which has exactly the room for it; false as soon as a piece is not the one sealed.
  static func open(
    _ sealed: UnsafeRawBufferPointer, under key: Secret, into target: UnsafeMutableRawBufferPointer
  ) -> Bool {
    precondition(sealed.count == sealedCount(plain: target.count))
    let input = sealed.bindMemory(to: UInt8.self).baseAddress!
    let output = target.bindMemory(to: UInt8.self).baseAddress
    var nonce = Nonce()
    var offset = 0
    repeat {
      let size = min(piece, target.count - offset)
      nonce.isLast = offset + size == target.count
      let status = key.withPointer { keyBase in
        crypto_aead_chacha20poly1305_ietf_decrypt(
          output.map { $0 + offset }, nil, nil, input + offset + tag * nonce.number, UInt64(size + tag), nil, 0,
          nonce.bytes, keyBase)
      }
      guard status == 0 else {
        Sodium.wipe(target)
        return false
      }
      offset += size
      nonce.number += 1
    } while offset < target.count
    return true
  }

  /// Eleven bytes of a big-endian number and one that is 1 for the last piece.
  private struct Nonce {
    var number = 0
    var isLast = false

    var bytes: [UInt8] {
      var bytes = [UInt8](repeating: 0, count: 12)
      for index in 0..<8 { bytes[10 - index] = UInt8(truncatingIfNeeded: number >> (8 * index)) }
      bytes[11] = isLast ? 1 : 0
      return bytes
    }
  }
}
