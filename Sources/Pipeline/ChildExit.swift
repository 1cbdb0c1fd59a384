import Glibc

/// How a child ended.
package enum ChildExit: Sendable, Equatable {
  /// It ended by itself with this status.
  case exited(Int32)
  /// A signal of this number killed it.
  case signalled(Int32)

  /// Ended by itself with status zero.
  package var succeeded: Bool { self == .exited(0) }
}

extension ChildExit: CustomStringConvertible {
  /// `exit status 1`, `killed by SIGTERM`.
  package var description: String {
    switch self {
    case .exited(let status): "exit status \(status)"
    case .signalled(let number): "killed by \(SignalName.of(number))"
    }
  }
}

/// The names of signals as people know them.
enum SignalName {
  private static let names: [Int32: String] = [
    SIGHUP: "SIGHUP", SIGINT: "SIGINT", SIGQUIT: "SIGQUIT", SIGILL: "SIGILL", SIGTRAP: "SIGTRAP", SIGABRT: "SIGABRT",
    SIGBUS: "SIGBUS", SIGFPE: "SIGFPE", SIGKILL: "SIGKILL", SIGUSR1: "SIGUSR1", SIGSEGV: "SIGSEGV",
    SIGUSR2: "SIGUSR2", SIGPIPE: "SIGPIPE", SIGALRM: "SIGALRM", SIGTERM: "SIGTERM", SIGXCPU: "SIGXCPU",
    SIGXFSZ: "SIGXFSZ", SIGSYS: "SIGSYS",
  ]

  static func of(_ number: Int32) -> String { names[number] ?? "signal \(number)" }
}
