import Glibc

/// A system call that failed: its name, what it was about, and `errno`.
package struct SystemError: Error, Sendable, Equatable {
  /// The call, such as `open`.
  package let call: String
  /// The path or thing it was called on; may be empty.
  package let subject: String
  /// The value of `errno`.
  package let number: Int32

  package init(call: String, subject: String, number: Int32) {
    self.call = call
    self.subject = subject
    self.number = number
  }

  /// The system's text for the error, in lower case.
  package var reason: String {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { buffer in
      guard let base = buffer.baseAddress, strerror_r(number, base, buffer.count) == 0 else { return "error \(number)" }
      return String(cString: base).lowercased()
    }
  }

  /// The same error as one of the catalogue.
  package func failure(_ code: Failure.Code, _ what: String, next: String = "") -> Failure {
    Failure(code, "\(what): \(reason)", at: subject, next: next)
  }
}

/// Calls until the result is not `EINTR`; a negative result throws. The one place that knows about `EINTR`.
package func retrying<Value: SignedInteger>(
  _ call: String, _ subject: String, _ body: () -> Value
) throws(SystemError) -> Value {
  while true {
    let result = body()
    if result >= 0 { return result }
    let number = errno
    if number != EINTR { throw SystemError(call: call, subject: subject, number: number) }
  }
}
