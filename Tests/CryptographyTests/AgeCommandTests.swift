import Bytes
import Cryptography
import Testing

@Suite("Files exchanged with the age command")
struct AgeCommandTests {
  /// Types a passphrase into `age` as a person would: it reads from a terminal only.
  private static let typing = """
    import os, pty, sys
    passphrase = sys.argv[1].encode()
    child, terminal = pty.fork()
    if child == 0:
        os.execv(sys.argv[2], sys.argv[2:])
    seen = b""
    answered = 0
    while True:
        try:
            data = os.read(terminal, 1024)
        except OSError:
            break
        if not data:
            break
        seen += data
        while seen.count(b"passphrase") > answered and seen.rstrip().endswith(b":"):
            answered = seen.count(b"passphrase")
            os.write(terminal, passphrase + b"\\n")
    sys.stderr.buffer.write(seen)
    sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
    """

  private static let lengths = [0, 1, 1000, 65_536, 65_537, 300_000]

  @Test("Files made here open with age, binary and armored", arguments: lengths)
  func madeHere(_ count: Int) throws {
    let plain = FixedSequence.sample(count)
    let identity = X25519Identity()
    let file = try Age.seal(plain, to: [.x25519(X25519Identity().recipient), .x25519(identity.recipient)])
    try Tool.withScratch { folder in
      try Tool.write(contents(identity.text) + ascii("\n"), to: "\(folder)/key")
      for input in [file, Age.armor(file)] {
        let outcome = try Tool.run(Tool.age, ["--decrypt", "--identity", "\(folder)/key"], input: input)
        #expect(outcome.status == 0, "\(outcome.complaint)")
        #expect(outcome.output == plain)
      }
    }
  }

  @Test("Files made by age open here, binary and armored", arguments: lengths)
  func madeByAge(_ count: Int) throws {
    let plain = FixedSequence.sample(count)
    let made = try Tool.run(Tool.keygen, [])
    #expect(made.status == 0)
    let identity = try #require(try IdentityFile.parse(Secret(copying: made.output)).first)
    for armor in [[], ["--armor"]] {
      let outcome = try Tool.run(
        Tool.age, ["--encrypt", "--recipient", identity.recipient.text] + armor, input: plain)
      #expect(outcome.status == 0, "\(outcome.complaint)")
      if armor.isEmpty { #expect(outcome.output.count == Age.sealedLength(plain: count, x25519Recipients: 1)) }
      #expect(try Age.open(try Age.binary(outcome.output), with: [.x25519(identity)]) == plain)
    }
  }

  @Test("age-keygen agrees on the recipient of an identity made here")
  func sameRecipient() throws {
    let identity = X25519Identity()
    let outcome = try Tool.run(Tool.keygen, ["-y"], input: contents(identity.text) + ascii("\n"))
    #expect(String(decoding: outcome.output, as: UTF8.self) == identity.recipient.text + "\n")
  }

  @Test("A passphrase works both ways")
  func passphrases() throws {
    let passphrase = Secret(copying: ascii("tide and time"))
    let plain = FixedSequence.sample(100)
    try Tool.withScratch { folder in
      try Tool.write(plain, to: "\(folder)/plain")
      try Tool.write(try Age.seal(plain, to: [.passphrase(passphrase, workFactor: 10)]), to: "\(folder)/here")
      let typed = ["-c", Self.typing, "tide and time", Tool.age]
      let opened = try Tool.run(
        Tool.python, typed + ["--decrypt", "--output", "\(folder)/opened", "\(folder)/here"])
      #expect(opened.status == 0, "\(opened.complaint)")
      #expect(try DurableFile.read("\(folder)/opened", limit: 1000) == plain)
      let sealed = try Tool.run(
        Tool.python, typed + ["--encrypt", "--passphrase", "--output", "\(folder)/there", "\(folder)/plain"])
      #expect(sealed.status == 0, "\(sealed.complaint)")
      let there = try DurableFile.read("\(folder)/there", limit: 1000)
      #expect(try Age.open(there, with: [.passphrase(passphrase)]) == plain)
    }
  }
}
