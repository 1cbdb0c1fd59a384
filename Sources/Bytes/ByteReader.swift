/// A cursor over untrusted bytes. Every read checks the bounds and throws `damaged` instead of trapping.
///
/// Readers of persisted layouts verify first and parse second; this cursor only makes parsing safe.
package struct ByteReader {
  private let bytes: ArraySlice<UInt8>
  /// What is read, as the place in an error: `pack directory`, `index shard`.
  private let subject: String
  private var cursor: Int

  /// - Parameters:
  ///   - bytes: what to read
  ///   - subject: what the bytes are, for errors
  package init(_ bytes: some Collection<UInt8>, of subject: String) {
    self.bytes = ArraySlice(bytes)
    self.subject = subject
    cursor = self.bytes.startIndex
  }

  /// How many bytes are left.
  package var remaining: Int { bytes.endIndex - cursor }

  /// How many bytes were read.
  package var position: Int { cursor - bytes.startIndex }

  /// Takes `count` bytes; throws `damaged` if there are fewer.
  package mutating func take(_ count: Int) throws(Failure) -> ArraySlice<UInt8> {
    guard count >= 0, count <= remaining else {
      throw Failure(.damaged, "\(subject) ends early: \(count) bytes wanted, \(remaining) left")
    }
    defer { cursor += count }
    return bytes[cursor..<(cursor + count)]
  }

  /// Reads a little-endian integer in its natural width.
  package mutating func integer<Value: FixedWidthInteger & UnsignedInteger>(_ type: Value.Type) throws(Failure) -> Value
  {
    let slice = try take(Value.bitWidth / 8)
    return slice.withUnsafeBytes { Value(littleEndian: $0.loadUnaligned(as: Value.self)) }
  }

  /// Reads the 32 bytes of a name.
  package mutating func name() throws(Failure) -> Name {
    let slice = try take(Name.count)
    return slice.withUnsafeBytes { Name($0) }
  }

  /// Reads the 16 bytes of an identifier.
  package mutating func identifier() throws(Failure) -> Identifier {
    guard let identifier = Identifier(try take(Identifier.count)) else { throw mismatch("identifier") }
    return identifier
  }

  /// Reads a 16-bit count and then that many bytes.
  package mutating func short() throws(Failure) -> [UInt8] {
    let count = try integer(UInt16.self)
    return Array(try take(Int(count)))
  }

  /// Reads a 32-bit count and then that many bytes, at most `limit`.
  package mutating func long(limit: Int) throws(Failure) -> [UInt8] {
    let count = try integer(UInt32.self)
    guard Int(count) <= limit else { throw mismatch("length \(count) is over the limit \(limit)") }
    return Array(try take(Int(count)))
  }

  /// Throws `damaged` unless every byte was read.
  package func end() throws(Failure) {
    guard remaining == 0 else { throw mismatch("\(remaining) bytes too many") }
  }

  /// A `damaged` failure that names the subject and the offset.
  package func mismatch(_ what: String) -> Failure {
    Failure(.damaged, "\(subject) is malformed at byte \(position): \(what)")
  }
}
