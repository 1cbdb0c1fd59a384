package import Bytes
import Cryptography

/// How a key file is spelled: comment lines for people, then one JSON object.
extension KeyFile {
  private struct Fields: Codable {
    struct Writer: Codable {
      let id: Identifier
      let identity: String
      let content: String
      let lists: String
    }

    let lifeboat: Role
    let format: Int
    let repository: Identifier
    let root: PublicKey
    let authority: Pin
    let rescue: Name
    let location: String
    let sign: String
    let meta: [String]?
    let data: [String]?
    let rootSeed: String?
    let writer: Writer?
  }

  /// The text of an unprotected key file, secrets included. The caller wipes it.
  package var text: [UInt8] {
    let fields = Fields(
      lifeboat: role, format: 1, repository: repository, root: root, authority: authority, rescue: rescue,
      location: location, sign: KeyFile.hex(signing.seed), meta: meta.isEmpty ? nil : meta.map(KeyFile.text),
      data: data.isEmpty ? nil : data.map(KeyFile.text), rootSeed: rootKey.map { KeyFile.hex($0.seed) },
      writer: writer.map {
        Fields.Writer(
          id: $0.id, identity: KeyFile.text($0.identity), content: KeyFile.hex($0.content), lists: KeyFile.hex($0.lists)
        )
      })
    return Array(advice.utf8) + JSONBody.encode(fields, padded: false) + [0x0a]
  }

  /// Reads the text of a key file.
  ///
  /// - Throws: `keyInvalid` for anything that is no complete key file of a known role.
  package init(text: [UInt8]) throws(Failure) {
    let lines = text.split(separator: 0x0a, omittingEmptySubsequences: true)
    var json = Array(lines.filter { $0.first != UInt8(ascii: "#") }.joined(separator: [0x0a]))
    defer { Sodium.wipe(&json) }
    do throws(Failure) {
      let fields = try JSONBody.decode(Fields.self, from: json, of: "key file")
      self = try KeyFile.build(fields)
    } catch {
      throw Failure(
        .keyInvalid, error.what, next: "Give a key file that lifeboat made, such as restorer.key.")
    }
  }

  private static func build(_ fields: Fields) throws(Failure) -> KeyFile {
    guard fields.format == 1 else { throw Failure(.keyInvalid, "key file format \(fields.format) is not known") }
    var writer: WriterSecrets?
    if let secrets = fields.writer {
      writer = WriterSecrets(
        id: secrets.id, identity: try X25519Identity(text: secrets.identity.utf8),
        content: try secret(secrets.content, "content"),
        lists: try secret(secrets.lists, "lists"))
    }
    var rootKey: SigningKey?
    if let seed = fields.rootSeed { rootKey = try SigningKey(seed: secret(seed, "rootSeed")) }
    let key = KeyFile(
      role: fields.lifeboat, repository: fields.repository, root: fields.root, authority: fields.authority,
      rescue: fields.rescue, location: fields.location, signing: try SigningKey(seed: secret(fields.sign, "sign")),
      meta: try identities(fields.meta), data: try identities(fields.data), rootKey: rootKey, writer: writer)
    guard key.hasWhatItsRoleNeeds else { throw Failure(.keyInvalid, "this \(key.role) key file lacks secrets") }
    return key
  }

  private var hasWhatItsRoleNeeds: Bool {
    if let rootKey, rootKey.publicKey != root { return false }
    return switch role {
    case .writer: writer != nil && meta.isEmpty && data.isEmpty
    case .keeper: writer == nil && !meta.isEmpty && data.isEmpty
    case .restorer: writer == nil && !meta.isEmpty && !data.isEmpty
    }
  }

  private static func identities(_ texts: [String]?) throws(Failure) -> [X25519Identity] {
    var identities: [X25519Identity] = []
    for text in texts ?? [] { identities.append(try X25519Identity(text: text.utf8)) }
    return identities
  }

  private static func secret(_ hex: String, _ field: String) throws(Failure) -> Secret {
    guard var bytes = Hex.decode(hex), bytes.count == 32 else {
      throw Failure(.keyInvalid, "key file is malformed: field \(field)")
    }
    defer { Sodium.wipe(&bytes) }
    return Secret(copying: bytes)
  }

  private static func text(_ identity: X25519Identity) -> String {
    identity.text.withBytes { String(decoding: $0, as: UTF8.self) }
  }

  private static func hex(_ secret: Secret) -> String { secret.withBytes { Hex.encode($0) } }

  private var advice: String {
    let use =
      switch role {
      case .writer:
        """
        # Belongs on the host that makes backups. It can add backups and can read none: losing it costs
        # nothing but a new enrolment (lifeboat key new writer).
        """
      case .keeper:
        """
        # Belongs on the machine that looks after the repository, never on a backup host. It enrols
        # writers, lists and checks; it cannot read a dump.
        """
      case .restorer:
        """
        # Opens every backup. Keep it offline, in two places, apart from the repository. Without it
        # nothing can be restored, by anyone.
        """
      }
    return """
      # lifeboat \(role.rawValue) key for repository \(repository.hex)
      \(use)
      # Before you run rescue.py from the repository, compare its sha256sum with "rescue" below.

      """
  }
}
