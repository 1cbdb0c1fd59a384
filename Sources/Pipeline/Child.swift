package import Bytes
package import Glibc

/// A running child process with its pipes.
///
/// It runs in a process group of its own. When the run stops, or when the last reference goes, the whole group gets
/// SIGTERM, after the grace SIGKILL, and is reaped: no zombies and no orphans. Should this process die without a
/// word, the kernel kills the child itself; the rest of its group then ends with its pipes.
///
/// Pipes belong to one thread each: who reads, writes or waits does so from one thread at a time.
package final class Child: @unchecked Sendable {
  /// The number of the process, which is its group's, too.
  package let processID: pid_t
  /// The program as it was asked for.
  package let name: String
  private let code: Failure.Code
  private let stop: StopSignal
  private let supervisor: ChildSupervisor
  private let errors: ErrorKeeper
  private var registration: StopRegistration?
  private var helpers: [ThreadHandle] = []
  private var outputPipe: Descriptor?
  private var inputPipe: Descriptor?

  /// Starts a program. Throws with the command's own code when it isn't there or cannot be started.
  package static func start(_ command: ChildCommand, stop: StopSignal) throws(Failure) -> Child {
    try stop.check()
    let variables = command.variables()
    try command.validate(variables)
    let program = try command.resolve(variables)
    do {
      return try Child(command, program, variables, stop)
    } catch {
      throw error.failure(command.code, "cannot start \(command.executable)")
    }
  }

  private init(
    _ command: ChildCommand, _ program: String, _ variables: [String: String], _ stop: StopSignal
  ) throws(SystemError) {
    let pipes = try ChildPipes.open(for: command)
    let request = SpawnRequest(
      program: program, arguments: command.arguments, variables: variables, folder: command.folder,
      input: pipes.childInput, output: pipes.childOutput, error: pipes.childError)
    processID = try Spawner.shared.spawn(request)
    name = command.executable
    code = command.code
    self.stop = stop
    let supervisor = ChildSupervisor(processID, grace: command.grace)
    self.supervisor = supervisor
    let ends = pipes.takeOurs()
    inputPipe = ends.input.map { Descriptor(owning: $0) }
    outputPipe = ends.output.map { Descriptor(owning: $0) }
    let errors = ErrorKeeper(Descriptor(owning: ends.error), until: supervisor.over, command.onErrorLine)
    self.errors = errors
    supervisor.watch()
    helpers.append(Threads.run(named: "child err") { errors.run() })
    if case .bytes(let bytes) = command.input { feed(bytes) }
    registration = stop.onStop { supervisor.endSoon() }
  }

  deinit {
    registration = nil
    supervisor.end()
    for helper in helpers { helper.join() }
  }

  /// The reading end of the child's output, for `poll`; -1 where there is none.
  package var output: Int32 { outputPipe?.number ?? -1 }

  /// The writing end of the child's input, which never blocks, for those who write to descriptors; -1 where there is
  /// none.
  package var input: Int32 { inputPipe?.number ?? -1 }

  /// Reads the child's output once into `target`; zero means the end. Throws the reason once the run stops.
  package func read(into target: UnsafeMutableRawBufferPointer) throws(Failure) -> Int {
    precondition(outputPipe != nil, "the child has no output pipe")
    return try Transfers.read(output, into: target, stop: stop, failing: code)
  }

  /// Sends bytes to the child's input. Throws when the child no longer reads; `wait` then tells why.
  package func write(_ source: UnsafeRawBufferPointer) throws(Failure) {
    guard let number = inputPipe?.number else { preconditionFailure("the child has no input pipe") }
    try Transfers.write(source, to: number, stop: stop, failing: code)
  }

  /// Ends the child's input. May be called again.
  package func closeInput() { inputPipe = nil }

  /// Gives up the child's output: its next write fails. May be called again.
  package func closeOutput() { outputPipe = nil }

  /// Waits until the child has ended. Closes its pipes first: read the output to its end before.
  ///
  /// What is left of its group is ended, too. Throws the reason when the run stops, after the group is gone. May be
  /// called again.
  package func wait() throws(Failure) -> ChildExit {
    closeInput()
    closeOutput()
    let exit = supervisor.wait()
    for helper in helpers { helper.join() }
    try stop.check()
    guard let exit else {
      throw Failure(code, "\(name) does not end, not even by SIGKILL", next: "Look at process \(processID).")
    }
    return exit
  }

  /// Ends the child and its group now: SIGTERM, the grace, SIGKILL. Returns once it is over.
  package func terminate() { supervisor.end() }

  /// The last 64 KiB of standard error as text; complete once `wait` has returned.
  package var errorText: String { errors.text }

  private func feed(_ bytes: [UInt8]) {
    guard let number = inputPipe.take()?.release() else { return }
    let over = supervisor.over
    helpers.append(
      Threads.run(named: "child in") {
        let pipe = Descriptor(owning: number)
        // A child that does not want its input is no error here: its exit status is what counts.
        bytes.withUnsafeBytes { try? Transfers.write($0, to: pipe.number, stop: over) }
      })
  }
}
