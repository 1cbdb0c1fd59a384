import Bytes
import Glibc

/// A program of the system that tests compare with. It must be installed: without it the test fails.
enum Tool {
  static let age = "/usr/bin/age"
  static let keygen = "/usr/bin/age-keygen"
  static let python = "/usr/bin/python3"

  struct Outcome {
    let status: Int32
    let output: [UInt8]
    let complaint: String
  }

  /// A program that did not start.
  struct NotStarted: Error {
    let path: String
    let number: Int32
  }

  /// Runs a program with `input` on its standard input and waits for its end.
  static func run(_ path: String, _ arguments: [String], input: [UInt8] = []) throws -> Outcome {
    try withScratch { folder in
      let names = ["input", "output", "complaint"].map { "\(folder)/\($0)" }
      _ = try input.withUnsafeBytes { bytes throws(SystemError) in try DurableFile.create(names[0], bytes) }
      var actions = posix_spawn_file_actions_t()
      posix_spawn_file_actions_init(&actions)
      defer { posix_spawn_file_actions_destroy(&actions) }
      posix_spawn_file_actions_addopen(&actions, 0, names[0], O_RDONLY, 0)
      posix_spawn_file_actions_addopen(&actions, 1, names[1], O_WRONLY | O_CREAT, 0o600)
      posix_spawn_file_actions_addopen(&actions, 2, names[2], O_WRONLY | O_CREAT, 0o600)
      let vector = ([path] + arguments).map { strdup($0) } + [nil]
      defer { vector.forEach { free($0) } }
      var child: pid_t = 0
      let number = posix_spawn(&child, path, &actions, nil, vector, environ)
      guard number == 0 else { throw NotStarted(path: path, number: number) }
      var status: Int32 = 0
      while waitpid(child, &status, 0) < 0, errno == EINTR {}
      return Outcome(
        status: status, output: try DurableFile.read(names[1], limit: 1 << 30),
        complaint: String(decoding: try DurableFile.read(names[2], limit: 1 << 20), as: UTF8.self))
    }
  }

  /// Lends a folder of its own, and removes it with everything in it.
  static func withScratch<Result>(_ body: (String) throws -> Result) throws -> Result {
    var template = Array("/tmp/lifeboat-cryptography-XXXXXX".utf8CString)
    let made = template.withUnsafeMutableBufferPointer { mkdtemp($0.baseAddress!).map { String(cString: $0) } }
    guard let folder = made else { throw NotStarted(path: "mkdtemp", number: errno) }
    defer { remove(folder) }
    return try body(folder)
  }

  /// Writes a file that a program is to read.
  static func write(_ bytes: [UInt8], to path: String) throws {
    _ = try bytes.withUnsafeBytes { bytes throws(SystemError) in try DurableFile.create(path, bytes) }
  }

  private static func remove(_ folder: String) {
    guard let handle = opendir(folder) else { return }
    defer {
      closedir(handle)
      rmdir(folder)
    }
    while let entry = readdir(handle) {
      let name = withUnsafeBytes(of: entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
      if name != ".", name != ".." { unlink("\(folder)/\(name)") }
    }
  }
}
