import Glibc

/// One thing that a dump consists of: a stream of bytes, a folder or a symbolic link.
package struct DumpedStream: Sendable, Equatable {
  /// What a stream is.
  package enum Kind: Sendable, Equatable {
    /// What a database or a program gave.
    case dump
    /// A regular file of a directory.
    case file
    /// A folder; it has no bytes.
    case folder
    /// A symbolic link with the bytes of its target; it has no other bytes.
    case symbolicLink(target: [UInt8])
  }

  /// The name: bytes as the file system has them, UTF-8 not assumed; for directories the path from their root, with
  /// `/` between folders, never empty, never beginning or ending with `/`.
  package var name: [UInt8]
  /// What it is.
  package var kind: Kind
  /// The permission bits, with set-user, set-group and sticky: the low 12 bits of the mode.
  package var mode: UInt32
  /// The owner's number.
  package var owner: UInt32
  /// The group's number.
  package var group: UInt32
  /// When the contents last changed, in nanoseconds since 1970.
  package var modified: Int64
  /// How many bytes will come, where that is known before; a hint, not a promise.
  package var expectedLength: UInt64?

  package init(
    name: [UInt8], kind: Kind, mode: UInt32 = 0o600, owner: UInt32 = 0, group: UInt32 = 0, modified: Int64 = 0,
    expectedLength: UInt64? = nil
  ) {
    self.name = name
    self.kind = kind
    self.mode = mode
    self.owner = owner
    self.group = group
    self.modified = modified
    self.expectedLength = expectedLength
  }
}

/// What was read of one stream.
package struct StreamSummary: Sendable, Equatable {
  /// How many bytes there were.
  package var length: UInt64
  /// The last 4096 bytes, or all where there were fewer.
  package var tail: [UInt8]
  /// Why reading ended before the end of the descriptor, as an error of the system; nil where it didn't.
  package var readingProblem: String?

  /// How long a tail is at most, in bytes.
  package static let tailLimit = 4096

  package init(length: UInt64, tail: [UInt8], readingProblem: String? = nil) {
    self.length = length
    self.tail = tail
    self.readingProblem = readingProblem
  }
}

extension DumpedStream {
  /// Takes mode, owner, group and time from the file system.
  mutating func take(_ status: stat) {
    mode = status.st_mode & 0o7777
    owner = status.st_uid
    group = status.st_gid
    modified = Int64(status.st_mtim.tv_sec) &* 1_000_000_000 &+ Int64(status.st_mtim.tv_nsec)
  }
}
