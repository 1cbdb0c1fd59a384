import Bytes
import Cryptography
import Format
import Pipeline

/// One pack while it fills: sealed blobs end to end in one buffer, and what the directory will say of them.
struct PackBuilder: ~Copyable {
  /// Blobs in a pack at most: a pack of tiny ones would have a directory that no reader takes.
  private static let most = 65_536

  private var buffer: PooledBuffer
  private(set) var entries: [DirectoryEntry] = []
  private var deltas = 0
  let keys: [DirectoryKey]
  private let recipients: [AgeRecipient]

  /// - Parameters:
  ///   - buffer: an empty buffer as long as a full pack
  ///   - keys: the session's wrapped keys
  ///   - recipients: whom the directory is sealed to
  init(buffer: consuming PooledBuffer, keys: [DirectoryKey], recipients: [AgeRecipient]) {
    precondition(buffer.capacity == Limits.fullPack)
    self.buffer = buffer
    self.keys = keys
    self.recipients = recipients
  }

  var isEmpty: Bool { entries.isEmpty }

  /// True if a sealed blob of `length` bytes still fits beside the directory it makes longer.
  func hasRoom(for length: Int) -> Bool {
    entries.count < PackBuilder.most
      && buffer.count + length + directoryLength(entries: entries.count + 1, deltas: deltas + 1) + PackTrailer.length
        <= Limits.fullPack
  }

  /// Appends a sealed blob; `entry` gets its offset here.
  mutating func append(_ sealed: UnsafeRawBufferPointer, _ entry: DirectoryEntry) {
    let offset = buffer.count
    buffer.withCapacity { room in
      UnsafeMutableRawBufferPointer(rebasing: room[offset...]).copyMemory(from: sealed)
    }
    buffer.count += sealed.count
    entries.append(entry.moved(to: UInt32(offset)))
    if entry.flags.contains(.delta) { deltas += 1 }
  }

  /// Pads, signs and seals the directory, and hands over the finished object.
  ///
  /// - Parameters:
  ///   - isFull: pad to the fixed size of full packs; otherwise by Padmé
  ///   - sign: wraps a directory body into its signed envelope
  ///   - put: stores the object; gets its name and bytes
  consuming func finish(
    isFull: Bool, sign: ([UInt8]) -> [UInt8],
    put: (IndexedPack, UnsafeRawBufferPointer) throws(Failure) -> Void
  ) throws(Failure) -> IndexedPack {
    let sealedLength = directoryLength(entries: entries.count, deltas: deltas)
    let smallest = buffer.count + sealedLength + PackTrailer.length
    let size = isFull ? Limits.fullPack : min(Padding.padded(smallest), max(smallest, Limits.fullPack))
    let regionLength = size - sealedLength - PackTrailer.length
    pad(to: regionLength)
    var digest = ObjectDigest()
    buffer.withBytes { digest.update($0) }
    let directory = PackDirectory(
      regionLength: UInt64(regionLength), regionDigest: digest.finish(), keys: keys, entries: entries)
    let sealed = try Age.seal(sign(Padding.pad(directory.content, with: 0)), to: recipients)
    let tail = sealed + PackTrailer(directoryLength: UInt32(sealed.count)).bytes
    guard tail.count == size - regionLength else { throw Failure(.defect, "a pack directory of unexpected length") }
    digest.update(tail)
    buffer.withCapacity { room in room[regionLength...].copyBytes(from: tail) }
    buffer.count = size
    let pack = IndexedPack(name: digest.finish(), size: UInt64(size), directory: directory)
    try buffer.withBytes { (bytes) throws(Failure) in try put(pack, bytes) }
    return pack
  }

  private mutating func pad(to length: Int) {
    let start = buffer.count
    buffer.withCapacity { room in
      Randomness.fill(UnsafeMutableRawBufferPointer(rebasing: room[start..<length]))
    }
    buffer.count = length
  }

  /// Bytes of the sealed directory for so many entries.
  private func directoryLength(entries: Int, deltas: Int) -> Int {
    let content = PackDirectory.contentLength(keys: keys, entries: entries, deltas: deltas)
    return Age.sealedLength(
      plain: Envelope.length(ofBody: Padding.padded(content)), x25519Recipients: recipients.count)
  }
}
