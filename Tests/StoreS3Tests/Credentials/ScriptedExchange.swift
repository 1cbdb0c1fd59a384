import Bytes
import Cryptography
import StoreS3
import Synchronization

/// Answers requests by a function and remembers them.
final class ScriptedExchange: HTTPExchange {
  private let seen = Mutex<[HTTPRequest]>([])
  private let answer: @Sendable (HTTPRequest) throws(Failure) -> HTTPAnswer

  init(_ answer: @escaping @Sendable (HTTPRequest) throws(Failure) -> HTTPAnswer) { self.answer = answer }

  /// Nobody is there.
  static func silence() -> ScriptedExchange {
    ScriptedExchange { (_) throws(Failure) in
      throw Failure(.storeUnavailable, "no answer", retry: RetryAdvice())
    }
  }

  var requests: [HTTPRequest] { seen.withLock { $0 } }

  func send(_ request: HTTPRequest) throws(Failure) -> HTTPAnswer {
    seen.withLock { $0.append(request) }
    return try answer(request)
  }
}

extension HTTPAnswer {
  static func text(_ text: String, status: Int = 200) -> HTTPAnswer {
    HTTPAnswer(status: status, body: Array(text.utf8))
  }
}

extension HTTPRequest {
  /// `METHOD url`.
  var line: String { "\(method) \(url)" }
  var text: String { String(decoding: body, as: UTF8.self) }

  func header(_ name: String) -> String? { headers.first { $0.name.lowercased() == name }?.value }
}

extension S3Credentials {
  /// The secret as text, for comparing.
  var secretText: String { secret.withBytes { String(decoding: $0, as: UTF8.self) } }
}

/// The code that `body` throws; nil if it throws nothing.
func code(_ body: () throws -> Void) -> Failure.Code? {
  do {
    try body()
    return nil
  } catch {
    return (error as? Failure)?.code
  }
}

/// The failure that `body` throws.
func failure(_ body: () throws -> Void) -> Failure? {
  do {
    try body()
    return nil
  } catch {
    return error as? Failure
  }
}

/// What a place had; nil for nothing.
func found(_ source: any CredentialsSource) throws -> S3Credentials? {
  guard case .found(let credentials) = try source.look() else { return nil }
  return credentials
}

/// A clock that a test sets.
final class TestClock: Sendable {
  private let value: Mutex<UInt64>

  /// - Parameter seconds: since the epoch
  init(seconds: UInt64) { value = Mutex(seconds * 1_000_000_000) }

  var now: @Sendable () -> UInt64 { { [self] in value.withLock { $0 } } }

  func advance(seconds: UInt64) { value.withLock { $0 += seconds * 1_000_000_000 } }
}
