import Bytes
import Cryptography
import Glibc
import Pipeline
import Store
import StoreS3
import Synchronization
import TestKit

/// Credentials that a test hands out one after the other: the next once the last was discarded.
final class HandedCredentials: CredentialsProvider {
  private let left: Mutex<[S3Credentials]>

  init(_ credentials: [S3Credentials]) { left = Mutex(credentials) }

  convenience init(_ user: S3User) {
    self.init([HandedCredentials.make(user.keyID, user.secret)])
  }

  static func make(_ key: String, _ secret: String, token: String? = nil, expiry: UInt64? = nil) -> S3Credentials {
    S3Credentials(
      accessKey: key, secret: Secret(copying: secret.utf8), sessionToken: token, expiry: expiry, source: "a test")
  }

  func credentials() throws(Failure) -> S3Credentials {
    guard let first = left.withLock({ $0.first }) else { throw Failure(.storeDenied, "no credentials left") }
    return first
  }

  func discard(_ credentials: S3Credentials) {
    left.withLock { left in
      if left.first?.accessKey == credentials.accessKey { left.removeFirst() }
    }
  }
}

/// Keeps the notices of a store.
final class Notices: Sendable {
  private let kept = Mutex<[StoreNotice]>([])

  var all: [StoreNotice] { kept.withLock { $0 } }

  var sink: NoticeSink { { notice in self.kept.withLock { $0.append(notice) } } }
}

/// A store before a scripted server, and what belongs to it.
struct ScriptedStore {
  let server: ScriptedServer
  let store: S3Store
  let notices = Notices()
  let stop = StopSignal()

  init(
    credentials: [S3Credentials] = [HandedCredentials.make("KEY", "secret-of-the-key")],
    settings change: (inout S3Settings) -> Void = { _ in },
    _ answer: @escaping @Sendable (ScriptedServer.Request) -> ScriptedServer.Reply
  ) throws {
    server = ScriptedServer(answer)
    var settings = S3Settings(
      bucket: "bucket", prefix: "pre/fix", endpoint: try S3Endpoint(server.endpoint), region: "us-east-1")
    settings.stallTimeout = 2
    change(&settings)
    store = try S3Store(
      settings, credentials: HandedCredentials(credentials), stop: stop, notices: notices.sink)
  }
}

func path(_ text: String) throws -> StorePath { try StorePath(checking: text) }

/// Does nothing for a while.
func pause(seconds: Int) { sleep(UInt32(seconds)) }
