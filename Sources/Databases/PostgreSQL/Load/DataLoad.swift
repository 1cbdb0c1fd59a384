import Bytes
import Pipeline
import Synchronization

/// The rows of a database: streams into `psql`, several at the same time, the largest first, so that what begins last
/// ends soon.
struct DataLoad: Sendable {
  let server: LoadServer
  let provider: any StreamProvider
  let jobs: Int
  /// Settings of the sessions.
  let options: [String]
  /// What stands before a stream: statements, by the stream's name. Together with the stream they are one transaction.
  let first: [[UInt8]: [UInt8]]

  /// Loads these streams into a database; the first failure ends all of them.
  func run(_ streams: [ProvidedStream], into database: String, stop: StopSignal) throws(Failure) {
    let queue = Mutex(streams.sorted { $0.length < $1.length })
    try InnerStop.run(within: stop) { (inner) throws(Failure) in
      let threads = (0..<max(1, min(jobs, streams.count))).map { number in
        Threads.run(named: "load \(number)", stop: inner) {
          while let stream = queue.withLock({ $0.popLast() }) { try load(stream, into: database, stop: inner) }
        }
      }
      for thread in threads { thread.join() }
      try inner.check()
    }
  }

  private func load(_ stream: ProvidedStream, into database: String, stop: StopSignal) throws(Failure) {
    let opening = first[stream.name]
    var command = server.command(
      "psql", ["-X", "-q", "-v", "ON_ERROR_STOP=1", "-f", "-"] + (opening == nil ? [] : ["--single-transaction"]),
      on: database, options)
    command.input = .pipe
    command.output = .nothing
    let child = try Child.start(command, stop: stop)
    do {
      if let opening {
        try opening.withUnsafeBufferPointer { (bytes) throws(Failure) in
          try child.write(UnsafeRawBufferPointer(bytes))
        }
      }
      try provider.write(stream.name, to: child.input, watcher: nil, stop: stop)
    } catch {
      // Only a loader that has gone by itself has something to say. Any other must be gone before its input ends, for
      // that would look like the end of the stream.
      if error.code == .targetRefused {
        try judge(child, stream, database)
      } else {
        child.terminate()
      }
      throw error
    }
    try judge(child, stream, database)
  }

  private func judge(_ child: Child, _ stream: ProvidedStream, _ database: String) throws(Failure) {
    let exit = try child.wait()
    if exit.succeeded { return }
    let name = Printable.text(stream.name)
    let text = child.errorText
    throw server.failure("psql failed in \(name)", text.isEmpty ? "psql ended with \(exit)" : text, in: database)
  }
}
