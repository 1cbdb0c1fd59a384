import Bytes
import Glibc

/// The pipes between a child and us: our ends until they are taken, the child's until it has them.
struct ChildPipes: ~Copyable {
  private var input: Pipe?
  private var output: Pipe?
  private var error: Pipe
  /// What the child gets as its standard descriptors; nil stands for the null device.
  let childInput: Int32?
  let childOutput: Int32?
  let childError: Int32

  private init(_ input: consuming Pipe?, _ output: consuming Pipe?, _ error: consuming Pipe, _ command: ChildCommand) {
    childInput = input?.reading.number ?? command.input.borrowed
    childOutput = output?.writing.number ?? command.output.borrowed
    childError = error.writing.number
    self.input = input
    self.output = output
    self.error = error
  }

  /// Opens the pipes that a command asks for.
  static func open(for command: ChildCommand) throws(SystemError) -> ChildPipes {
    let error = try Pipe.open()
    neverBlock(error.reading.number)
    var input: Pipe?
    if command.input.needsPipe {
      let pipe = try Pipe.open()
      neverBlock(pipe.writing.number)
      input = consume pipe
    }
    var output: Pipe?
    if command.output.needsPipe {
      let pipe = try Pipe.open()
      pipe.widen()
      neverBlock(pipe.reading.number)
      output = consume pipe
    }
    return ChildPipes(input, output, error, command)
  }

  /// Our ends as plain numbers; the child's are closed.
  consuming func takeOurs() -> (input: Int32?, output: Int32?, error: Int32) {
    var ours: (input: Int32?, output: Int32?) = (nil, nil)
    if let pipe = input { ours.input = pipe.takeWriting() }
    if let pipe = output { ours.output = pipe.takeReading() }
    return (ours.input, ours.output, error.takeReading())
  }

  /// Only our end: the two ends of a pipe have their own flags.
  private static func neverBlock(_ number: Int32) { _ = fcntl(number, F_SETFL, fcntl(number, F_GETFL) | O_NONBLOCK) }
}

extension ChildCommand.Input {
  fileprivate var needsPipe: Bool {
    switch self {
    case .bytes, .pipe: true
    case .nothing, .descriptor: false
    }
  }

  fileprivate var borrowed: Int32? {
    if case .descriptor(let number) = self { number } else { nil }
  }
}

extension ChildCommand.Output {
  fileprivate var needsPipe: Bool {
    if case .pipe = self { true } else { false }
  }

  fileprivate var borrowed: Int32? {
    if case .descriptor(let number) = self { number } else { nil }
  }
}
