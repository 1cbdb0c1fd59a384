import CSodium

/// Bytes that must not leak: between guard pages, locked against swapping, left out of core dumps, read-only once
/// filled, and wiped when the last owner lets go.
///
/// Where the system refuses to lock (`RLIMIT_MEMLOCK`), the memory is the same but may be swapped; where it refuses
/// guarded memory at all, plain memory is used and wiped. A secret has no description and no equality operator.
package final class Secret: @unchecked Sendable {
  private let base: UnsafeMutableRawPointer
  private let guarded: Bool
  /// How many bytes there are.
  package let count: Int

  /// Makes a secret of `count` bytes that start as zeros; `fill` writes them. What `fill` throws is passed on.
  ///
  /// Not inlined: where the optimiser (Swift 6.3.1) sees two short-lived secrets made and compared in one `&&`, it
  /// lets one of them go while it is still held, and the process dies. Behind a call it can't try.
  @inline(never)
  package init<Problem: Error>(
    count: Int, filledBy fill: (UnsafeMutableRawBufferPointer) throws(Problem) -> Void
  ) throws(Problem) {
    precondition(count >= 0)
    Sodium.start()
    let size = max(count, 1)
    if let memory = sodium_malloc(size) {
      base = memory
      guarded = true
    } else {
      base = .allocate(byteCount: size, alignment: 16)
      guarded = false
    }
    self.count = count
    sodium_memzero(base, size)
    try fill(UnsafeMutableRawBufferPointer(start: base, count: count))
    if guarded { sodium_mprotect_readonly(base) }
  }

  /// A secret of `count` random bytes.
  package convenience init(random count: Int) {
    self.init(count: count) { Randomness.fill($0) }
  }

  /// Copies bytes; the caller wipes the original where it is its own.
  package convenience init(copying bytes: some Collection<UInt8>) {
    self.init(count: bytes.count) { $0.copyBytes(from: bytes) }
  }

  deinit {
    if guarded {
      sodium_free(base)
    } else {
      sodium_memzero(base, max(count, 1))
      base.deallocate()
    }
  }

  /// Lends the bytes for the time of the call. They must not be copied to memory that nobody wipes.
  package func withBytes<Result, Problem: Error>(
    _ body: (UnsafeRawBufferPointer) throws(Problem) -> Result
  ) throws(Problem) -> Result {
    // Without this an optimiser could let the last reference go, and the bytes with it, before the call.
    try withExtendedLifetime(self) { () throws(Problem) in
      try body(UnsafeRawBufferPointer(start: base, count: count))
    }
  }

  /// Compares with another secret in a time that depends on the lengths alone.
  package func matches(_ other: Secret) -> Bool {
    guard count == other.count else { return false }
    return withPointer { own in other.withPointer { sodium_memcmp(own, $0, count) == 0 } }
  }
}

extension Secret {
  /// Lends the bytes as C functions of libsodium want them.
  func withPointer<Result: ~Copyable>(_ body: (UnsafePointer<UInt8>) -> Result) -> Result {
    withExtendedLifetime(self) { body(UnsafePointer(base.assumingMemoryBound(to: UInt8.self))) }
  }
}
