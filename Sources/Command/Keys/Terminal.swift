import Bytes
import Cryptography
import Glibc
import Pipeline

/// The person at the terminal of this process, whatever standard input and output are connected to.
struct Terminal: ~Copyable {
  /// The longest line that is read.
  private static let limit = 4096
  private let descriptor: Descriptor
  private let stop: StopSignal

  /// Nil where the process has no terminal.
  init?(stop: StopSignal) {
    let number = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC)
    guard number >= 0 else { return nil }
    descriptor = Descriptor(owning: number)
    self.stop = stop
  }

  /// Asks for a secret, which is not shown while it is typed; empty if only the return key was pressed.
  func secret(_ prompt: String) throws(Failure) -> Secret {
    var settings = termios()
    guard tcgetattr(descriptor.number, &settings) == 0 else {
      throw SystemError(call: "tcgetattr", subject: "/dev/tty", number: errno).failure(.usage, "the terminal fails")
    }
    var silent = settings
    silent.c_lflag &= ~tcflag_t(ECHO)
    silent.c_lflag |= tcflag_t(ICANON)
    tcsetattr(descriptor.number, TCSAFLUSH, &silent)
    // What was typed too early or after an interruption must not appear either.
    defer {
      tcsetattr(descriptor.number, TCSAFLUSH, &settings)
      try? say("\n")
    }
    try say(prompt)
    return try line()
  }

  /// Asks a question; true only for `y` or `yes`.
  func confirms(_ question: String) throws(Failure) -> Bool {
    try say("\(question) [y/N] ")
    let answer = try line().withBytes { String(decoding: $0, as: UTF8.self) }
    return ["y", "yes"].contains(answer.lowercased())
  }

  private func say(_ text: String) throws(Failure) {
    let outcome = Array(text.utf8).withUnsafeBytes { bytes in
      Result { () throws(Failure) in try Transfers.write(bytes, to: descriptor.number, stop: stop, failing: .usage) }
    }
    try outcome.get()
  }

  private func line() throws(Failure) -> Secret {
    var bytes = [UInt8](repeating: 0, count: Terminal.limit)
    defer { Sodium.wipe(&bytes) }
    var count = 0
    while count < bytes.count {
      let outcome = bytes.withUnsafeMutableBytes { room in
        let part = UnsafeMutableRawBufferPointer(rebasing: room[count...])
        return Result { () throws(Failure) in
          try Transfers.read(descriptor.number, into: part, stop: stop, failing: .usage)
        }
      }
      let added = try outcome.get()
      let end = bytes[count..<(count + added)].firstIndex(of: UInt8(ascii: "\n"))
      count = end ?? count + added
      if added == 0 || end != nil { break }
    }
    return Secret(copying: bytes[..<count])
  }
}
