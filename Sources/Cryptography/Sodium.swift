import CSodium

/// The one door to libsodium: started once, before anything else of it is used.
package enum Sodium {
  private static let started = sodium_init() >= 0

  /// Starts libsodium if that has not happened; costs one check afterwards.
  ///
  /// Without it libsodium would run on its portable code and its random numbers would not be ready,
  /// so everything here that can be the first to touch libsodium calls it.
  static func start() {
    precondition(started, "libsodium does not start")
  }

  /// Overwrites bytes with zeros in a way that the compiler can't leave out.
  ///
  /// The array must be the only owner of its storage: an array that shares it would be copied first and the copy wiped.
  package static func wipe(_ bytes: inout [UInt8]) {
    bytes.withUnsafeMutableBytes { wipe($0) }
  }

  /// Overwrites memory with zeros in a way that the compiler can't leave out.
  package static func wipe(_ memory: UnsafeMutableRawBufferPointer) {
    if let base = memory.baseAddress { sodium_memzero(base, memory.count) }
  }

  /// Compares in a time that depends on the lengths alone.
  static func matches(_ left: [UInt8], _ right: [UInt8]) -> Bool {
    if left.count != right.count { return false }
    return sodium_memcmp(left, right, left.count) == 0
  }
}

/// Random bytes from the kernel (`getrandom`).
package enum Randomness {
  /// `count` fresh random bytes.
  package static func bytes(_ count: Int) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: count) { buffer, written in
      fill(UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(buffer)[..<count]))
      written = count
    }
  }

  /// Fills `target` with fresh random bytes.
  package static func fill(_ target: UnsafeMutableRawBufferPointer) {
    Sodium.start()
    if let base = target.baseAddress { randombytes_buf(base, target.count) }
  }
}
