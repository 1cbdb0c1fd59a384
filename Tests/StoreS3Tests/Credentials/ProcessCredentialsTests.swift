import Bytes
import Pipeline
import StoreS3
import TestKit
import Testing

@Suite("Credentials that a program prints")
struct ProcessCredentialsTests {
  private let folder = TemporaryFolder()

  private func script(_ text: String, _ name: String = "tool") throws -> String {
    try Files.write(folder.path(name), Array("#!/bin/sh\n\(text)\n".utf8))
    _ = try Program.run(["/bin/chmod", "700", folder.path(name)])
    return folder.path(name)
  }

  private func look(_ line: String, seconds: UInt64 = 60, stop: StopSignal = StopSignal()) throws -> S3Credentials? {
    try found(ProcessCredentials(line, origin: "profile p in config", seconds: seconds, stop: stop))
  }

  @Test("JSON of version 1, with and without an end")
  func whole() throws {
    let temporary = try script(
      """
      printf '{"Version":1,"AccessKeyId":"ASIA","SecretAccessKey":"s","SessionToken":"t",'
      printf '"Expiration":"2026-11-21T13:00:00+00:00","AccountId":"1"}'
      """)
    let credentials = try #require(try look(temporary))
    #expect(credentials.accessKey == "ASIA")
    #expect(credentials.sessionToken == "t")
    #expect(credentials.expiry == 1_795_266_000_000_000_000)
    #expect(credentials.source == "credential_process of profile p in config")
    let lasting = try script(#"echo '{"Version": 1, "AccessKeyId": "AKIA", "SecretAccessKey": "s"}'"#)
    #expect(try look(lasting)?.expiry == nil)
  }

  @Test("arguments arrive as a shell would hand them over, and no shell runs")
  func arguments() throws {
    let echo = try script(
      #"printf '{"Version":1,"AccessKeyId":"%s","SecretAccessKey":"s"}' "$(printf '%s,' "$@" | tr ' ' '_')""#, "my tool"
    )
    let line = #"'\#(echo)' a 'b c' "d 'e" f\ g '' $HOME "\$x" `x` ; | # "#
    #expect(try look(line)?.accessKey == #"a,b_c,d_'e,f_g,,$HOME,$x,`x`,;,|,#,"#)
  }

  @Test("no JSON, another version, half a key: refused, and never shown")
  func refused() throws {
    let outputs = [
      "", "SECRETTEXT", #"{"AccessKeyId":"A","SecretAccessKey":"SECRETTEXT"}"#,
      #"{"Version":2,"AccessKeyId":"A","SecretAccessKey":"SECRETTEXT"}"#,
      #"{"Version":1,"SecretAccessKey":"SECRETTEXT"}"#,
      #"{"Version":1,"AccessKeyId":"A","SecretAccessKey":"SECRETTEXT""#, #"["SECRETTEXT"]"#,
    ]
    for output in outputs {
      let error = try #require(failure { _ = try look(try script("cat <<'X'\n\(output)\nX")) }, "\(output)")
      #expect(error.code == .storeDenied)
      #expect(!error.description.contains("SECRETTEXT"))
      #expect(error.place.contains("profile p"))
    }
  }

  @Test("a program that fails: its errors are told, its output is not")
  func failing() throws {
    let tool = try script("echo SECRETTEXT; echo 'token of the vault expired' >&2; exit 3")
    let error = try #require(failure { _ = try look(tool) })
    #expect(error.code == .storeDenied)
    #expect(error.what.contains("exit status 3"))
    #expect(error.what.contains("token of the vault expired"))
    #expect(!error.description.contains("SECRETTEXT"))
    #expect(code { _ = try look("/nowhere/tool") } == .storeDenied)
    #expect(code { _ = try look("") } == .storeDenied)
    #expect(code { _ = try look("tool 'open") } == .storeDenied)
  }

  @Test("a program that hangs is ended after its time, and may be tried again")
  func hanging() throws {
    let error = try #require(failure { _ = try look(try script("sleep 600"), seconds: 1) })
    #expect(error.code == .storeUnavailable)
    #expect(error.retry != nil)
  }

  @Test("once the run stops nothing is started")
  func stopping() throws {
    let stop = StopSignal()
    stop.stop(because: Failure(.interrupted, "stopped"))
    #expect(code { _ = try look("/bin/true", stop: stop) } == .interrupted)
  }
}
