package import Bytes
import CSodium

/// BLAKE2b-256 of bytes that come in pieces, with or without a key. One owner; the state is wiped when it goes.
package struct HashStream: ~Copyable, @unchecked Sendable {
  // libsodium's state lies on a 64-byte boundary, so Swift can't import it as a value.
  private let memory: UnsafeMutableRawPointer

  /// A stream without a key.
  package init() {
    self.init(keyBase: nil, count: 0)
  }

  /// A stream under a key of 16 to 64 bytes.
  package init(key: Secret) {
    self = key.withPointer { HashStream(keyBase: $0, count: key.count) }
  }

  private init(keyBase: UnsafePointer<UInt8>?, count: Int) {
    Sodium.start()
    memory = .allocate(byteCount: crypto_generichash_blake2b_statebytes(), alignment: 64)
    let status = crypto_generichash_blake2b_init(state, keyBase, count, Name.count)
    precondition(status == 0, "a BLAKE2b key has 16 to 64 bytes")
  }

  deinit {
    sodium_memzero(memory, crypto_generichash_blake2b_statebytes())
    memory.deallocate()
  }

  private var state: OpaquePointer { OpaquePointer(memory) }

  /// Takes in the next bytes.
  package mutating func update(_ bytes: UnsafeRawBufferPointer) {
    guard let base = bytes.bindMemory(to: UInt8.self).baseAddress else { return }
    crypto_generichash_blake2b_update(state, base, UInt64(bytes.count))
  }

  /// Takes in the next bytes.
  package mutating func update(_ bytes: [UInt8]) {
    bytes.withUnsafeBytes { update($0) }
  }

  /// Ends the stream: the hash of everything taken in.
  package consuming func finish() -> Name { result() }

  private borrowing func result() -> Name {
    withExtendedLifetime(self) {
      withUnsafeTemporaryAllocation(of: UInt8.self, capacity: Name.count) { target in
        crypto_generichash_blake2b_final(OpaquePointer(memory), target.baseAddress!, Name.count)
        return Name(UnsafeRawBufferPointer(target))
      }
    }
  }
}
