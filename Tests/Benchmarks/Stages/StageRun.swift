import Bytes
import Compression
import Cryptography
import Glibc

/// One file, cut, with the stages of a chunk's way into a pack and back, each over all chunks.
struct StageRun {
  let chunks: [UnsafeRawBufferPointer]
  let bytes: Int
  private let key = SessionKey()

  init(_ chunks: [UnsafeRawBufferPointer]) {
    self.chunks = chunks
    bytes = chunks.reduce(0) { $0 + $1.count }
  }

  /// Compresses every chunk, with its base where it has one.
  func compress(
    _ name: String, level: Int32, bases: [UnsafeRawBufferPointer?], into frames: inout Frames
  ) throws(Failure) -> Measurement {
    let compressor = try Compressor(level: level)
    return try Stopwatch.measure(name, bytes: bytes) { () throws(Failure) in
      for (chunk, base) in zip(chunks, bases) {
        try frames.append { (room) throws(Failure) in
          let room = UnsafeMutableRawBufferPointer(rebasing: room[..<chunk.count])
          if let count = try compressor.compress(chunk, prefix: base, into: room), count < chunk.count { return count }
          room.copyMemory(from: chunk)
          return chunk.count
        }
      }
      return frames.bytes
    }
  }

  /// Decompresses every frame and then compares every chunk: two measurements. A chunk that differs ends the program.
  func decompress(
    _ name: String, _ frames: borrowing Frames, bases: [UnsafeRawBufferPointer?]
  ) throws(Failure) -> [Measurement] {
    let decompressor = Decompressor()
    var plain = Frames(capacity: bytes)
    let decoding = try Stopwatch.measure(name, bytes: bytes) { () throws(Failure) -> Int? in
      for (index, chunk) in chunks.enumerated() {
        try plain.append { (room) throws(Failure) in
          let room = UnsafeMutableRawBufferPointer(rebasing: room[..<chunk.count])
          try frames.withPiece(index) { (frame) throws(Failure) in
            if frame.count == chunk.count {
              room.copyMemory(from: frame)
            } else {
              try decompressor.decompress(frame, prefix: bases[index], into: room)
            }
          }
          return chunk.count
        }
      }
      return nil
    }
    let comparing = try Stopwatch.measure("memcmp", bytes: bytes) { () throws(Failure) -> Int? in
      for (index, chunk) in chunks.enumerated() {
        let isEqual = plain.withPiece(index) { piece in
          guard let left = piece.baseAddress, let right = chunk.baseAddress else { return false }
          return memcmp(left, right, chunk.count) == 0
        }
        guard isEqual else { throw Failure(.defect, "chunk \(index) came back as other bytes") }
      }
      return nil
    }
    return [decoding, comparing]
  }

  /// Seals every frame, digests the sealed bytes as a pack's name does, and opens them: three measurements.
  func seal(_ frames: borrowing Frames) throws(Failure) -> [Measurement] {
    var additional = Buffer(capacity: 128)
    additional.count = additional.capacity
    var sealed = Frames(capacity: frames.bytes + frames.count * SessionKey.overhead)
    let sealing = Stopwatch.measure("seal", bytes: frames.bytes) {
      for index in 0..<frames.count {
        sealed.append { room in
          frames.withPiece(index) { frame in
            additional.withBytes { key.seal(frame, additional: $0, into: room) }
          }
        }
      }
      return sealed.bytes
    }
    let digesting = Stopwatch.measure("SHA-256 of packs", bytes: sealed.bytes) {
      var digest = ObjectDigest()
      for index in 0..<sealed.count { sealed.withPiece(index) { digest.update($0) } }
      _ = digest.finish()
      return nil
    }
    var opened = Frames(capacity: frames.bytes)
    let opening = try Stopwatch.measure("open", bytes: sealed.bytes) { () throws(Failure) in
      for index in 0..<sealed.count {
        try opened.append { (room) throws(Failure) in
          try sealed.withPiece(index) { (piece) throws(Failure) in
            try additional.withBytes { (bound) throws(Failure) in
              try key.open(piece, additional: bound, into: room)
            }
          }
        }
      }
      return opened.bytes
    }
    return [sealing, digesting, opening]
  }
}
