import Bytes
import Cryptography

/// Bytes from hexadecimal digits; white space is for the reader. Traps on a typing error.
func hex(_ text: String) -> [UInt8] {
  guard let bytes = Hex.decode(text.filter { !$0.isWhitespace }) else { fatalError("not hexadecimal: \(text)") }
  return bytes
}

/// The ASCII bytes of a text.
func ascii(_ text: String) -> [UInt8] { Array(text.utf8) }

/// The contents of a secret, for comparing in tests.
func contents(_ secret: Secret) -> [UInt8] { secret.withBytes { Array($0) } }

/// The code of the failure that `body` throws; nil if it throws none.
func code<Result>(of body: () throws(Failure) -> Result) -> Failure.Code? {
  do {
    _ = try body()
    return nil
  } catch {
    return error.code
  }
}

/// Numbers that look random and are the same in every run (SplitMix64).
struct FixedSequence: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var word = state
    word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
    word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
    return word ^ (word >> 31)
  }

  mutating func bytes(_ count: Int) -> [UInt8] {
    (0..<count).map { _ in UInt8(truncatingIfNeeded: next()) }
  }
}
