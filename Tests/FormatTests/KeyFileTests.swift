import Bytes
import Cryptography
import Format
import TestKit
import Testing

@Suite("Key files")
struct KeyFileTests {
  private static let root = SigningKey()
  private static let identities = [X25519Identity(), X25519Identity()]
  private static let secrets = KeyFile.WriterSecrets(
    id: Sample.writer, identity: X25519Identity(), content: Secret(random: 32), lists: Secret(random: 32))

  private static func key(
    _ role: Format.Role, meta: [X25519Identity] = [], data: [X25519Identity] = [], rootKey: SigningKey? = nil,
    writer: KeyFile.WriterSecrets? = nil
  ) -> KeyFile {
    KeyFile(
      role: role, repository: Sample.repository, root: root.publicKey,
      authority: KeyFile.Pin(number: 3, statement: Sample.name(1)), rescue: Sample.name(2), location: "/srv/ü \"x\"",
      signing: SigningKey(), meta: meta, data: data, rootKey: rootKey, writer: writer)
  }

  private static let good = [
    key(.writer, writer: secrets), key(.keeper, meta: identities), key(.restorer, meta: identities, data: identities),
    key(.restorer, meta: identities, data: identities, rootKey: root),
  ]

  @Test("come back with every secret, and carry comments for people", arguments: good)
  func roundTrip(key: KeyFile) throws {
    let text = key.text
    let lines = String(decoding: text, as: UTF8.self).split(separator: "\n")
    #expect(lines.first?.hasPrefix("# lifeboat \(key.role.rawValue) key") == true)
    #expect(lines.filter { !$0.hasPrefix("#") }.count == 1)
    let copy = try KeyFile(text: text)
    #expect(copy.text == text)
    #expect(copy.role == key.role)
    #expect(copy.authority == key.authority)
    #expect(copy.signing.publicKey == key.signing.publicKey)
    #expect(copy.rootKey?.publicKey == key.rootKey?.publicKey)
    #expect(copy.writer?.content.matches(KeyFileTests.secrets.content) == (key.writer == nil ? nil : true))
    #expect(copy.location == key.location)
    let commented = Array("# mine\n\n".utf8) + text + Array("\n# end".utf8)
    #expect(try KeyFile(text: commented).text == text)
  }

  @Test("with the contents of another role are refused")
  func roles() {
    let root = KeyFileTests.root
    for key in [
      KeyFileTests.key(.writer), KeyFileTests.key(.keeper), KeyFileTests.key(.restorer, meta: KeyFileTests.identities),
      KeyFileTests.key(.writer, meta: KeyFileTests.identities, writer: KeyFileTests.secrets),
      KeyFileTests.key(.keeper, meta: KeyFileTests.identities, data: KeyFileTests.identities),
      KeyFileTests.key(.keeper, meta: KeyFileTests.identities, writer: KeyFileTests.secrets),
      KeyFileTests.key(.restorer, data: KeyFileTests.identities, rootKey: root),
      KeyFileTests.key(
        .restorer, meta: KeyFileTests.identities, data: KeyFileTests.identities, rootKey: SigningKey()),
    ] {
      #expect(code { _ = try KeyFile(text: key.text) } == .keyInvalid)
    }
  }

  @Test("that are cut or changed are refused or read, and never show a secret", arguments: good)
  func damage(key: KeyFile) throws {
    let text = key.text
    let seed = key.signing.seed.withBytes { Hex.encode($0) }
    let end = text.lastIndex(of: UInt8(ascii: "}")) ?? 0
    for count in 0...end {
      let failure = #expect(throws: Failure.self) { try KeyFile(text: Array(text.prefix(count))) }
      #expect(failure?.code == .keyInvalid)
    }
    fuzz(seed: 8, count: 1000) { _, random in
      do {
        _ = try KeyFile(text: random.mutation(of: text))
      } catch {
        let failure = error as? Failure
        #expect(failure?.code == .keyInvalid)
        #expect(failure?.description.contains(seed.prefix(12)) == false)
        #expect(failure?.description.contains("AGE-SECRET") == false)
      }
    }
  }
}
