import Bytes
import StoreS3
import Testing

@Suite("Credentials of the environment, and texts from outside")
struct EnvironmentCredentialsTests {
  @Test("a key, its secret and the token of temporary keys")
  func whole() throws {
    let variables = [
      "AWS_ACCESS_KEY_ID": "AKID", "AWS_SECRET_ACCESS_KEY": "se/cret+", "AWS_SESSION_TOKEN": "tok=",
      "AWS_CREDENTIAL_EXPIRATION": "2026-11-21T13:00:00Z",
    ]
    let credentials = try #require(try found(EnvironmentCredentials(variables)))
    #expect(credentials.accessKey == "AKID")
    #expect(credentials.secretText == "se/cret+")
    #expect(credentials.sessionToken == "tok=")
    #expect(credentials.expiry == 1_795_266_000_000_000_000)
    #expect(credentials.source == "the environment")
  }

  @Test("nothing is set, or empty: nothing is found")
  func absent() throws {
    #expect(try found(EnvironmentCredentials([:])) == nil)
    #expect(try found(EnvironmentCredentials(["AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""])) == nil)
  }

  @Test("half of a pair is an error that says so", arguments: ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"])
  func half(_ name: String) throws {
    let error = try #require(failure { _ = try EnvironmentCredentials([name: "hidden"]).look() })
    #expect(error.code == .storeDenied)
    #expect(error.what.contains("only one of"))
    #expect(!error.description.contains("hidden"))
  }

  @Test("line ends around a key are taken off; those inside are refused, for they would begin another header")
  func lineEnds() throws {
    let key = try S3Credentials(accessKey: " AK\n", secret: "S\r\n", sessionToken: "", source: "a test")
    #expect(key.accessKey == "AK")
    #expect(key.secretText == "S")
    #expect(key.sessionToken == nil)
    let bad: [(String, String, String?)] = [
      ("A\r\nx-evil: 1", "s", nil), ("A", "s", "t\nx"), ("", "s", nil), ("A", " ", nil), ("A b", "s", nil),
      ("Ä", "s", nil),
    ]
    for (key, secret, token) in bad {
      #expect(
        code { _ = try S3Credentials(accessKey: key, secret: secret, sessionToken: token, source: "a test") }
          == .storeDenied)
    }
    #expect(
      code { _ = try S3Credentials(accessKey: "A", secret: "s", sessionToken: nil, expiry: "soon", source: "a test") }
        == .storeDenied)
  }
}
