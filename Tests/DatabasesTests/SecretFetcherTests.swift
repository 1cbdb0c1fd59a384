import Bytes
import Databases
import Glibc
import Pipeline
import Profiles
import TestKit
import Testing

@Suite("A secret that is referred to", .serialized)
struct SecretFetcherTests {
  private let stop = StopSignal()

  @Test("as a credential is the first line of the file that systemd passes")
  func credential() throws {
    let folder = TemporaryFolder()
    try Files.write(folder.path("shop"), Array("pass word\nmore\n".utf8))
    try Files.write(folder.path("empty"), Array("\n".utf8))
    setenv("CREDENTIALS_DIRECTORY", folder.path, 1)
    defer { unsetenv("CREDENTIALS_DIRECTORY") }
    #expect(try SecretFetcher.fetch(.credential("shop"), stop: stop) == Array("pass word".utf8))
    let empty = #expect(throws: Failure.self) { try SecretFetcher.fetch(.credential("empty"), stop: stop) }
    #expect(empty?.code == .keyInvalid && empty?.place == "credential empty")
    let missing = #expect(throws: Failure.self) { try SecretFetcher.fetch(.credential("other"), stop: stop) }
    #expect(missing?.code == .keyInvalid && missing?.next == "Give the service LoadCredential=other:PATH.")
  }

  @Test("as a credential is refused where systemd passes none, and says how to get it")
  func none() {
    for value in [nil, ""] as [String?] {
      if let value { setenv("CREDENTIALS_DIRECTORY", value, 1) } else { unsetenv("CREDENTIALS_DIRECTORY") }
      defer { unsetenv("CREDENTIALS_DIRECTORY") }
      let failure = #expect(throws: Failure.self) { try SecretFetcher.fetch(.credential("shop"), stop: stop) }
      #expect(failure?.code == .keyInvalid)
      #expect(failure?.next == "Run it as a service with LoadCredential=shop:PATH, or refer to a file.")
    }
  }
}
