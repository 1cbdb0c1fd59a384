package import Bytes
import Cryptography
import Glibc

/// The lifeboat that a person brings along.
package struct KitProgram: Sendable, Equatable {
  /// Where it lies.
  package let path: String
  /// The SHA-256 of its file, in hexadecimal digits.
  package let digest: String

  /// Reads the program at a path.
  ///
  /// - Throws: `targetRefused` for one that can't be read
  package init(_ path: String) throws(Failure) {
    var digest = ObjectDigest()
    do {
      let file = try Descriptor.open(path, O_RDONLY)
      var part = Buffer(capacity: 1 << 20)
      var place: UInt64 = 0
      while true {
        part.count = try part.withCapacity { (room) throws(SystemError) in try file.read(at: place, into: room) }
        if part.count == 0 { break }
        place += UInt64(part.count)
        part.withBytes { digest.update($0) }
      }
    } catch {
      throw error.failure(.targetRefused, "the program can't be read")
    }
    self.path = path
    self.digest = digest.finish().hex
  }

  /// The program that runs now.
  package static func running() throws(Failure) -> KitProgram {
    guard let raw = realpath("/proc/self/exe", nil) else {
      throw SystemError(call: "realpath", subject: "/proc/self/exe", number: errno)
        .failure(.targetRefused, "the program's own file can't be found")
    }
    defer { free(raw) }
    return try KitProgram(String(cString: raw))
  }
}
