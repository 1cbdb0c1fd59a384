package import Bytes
package import Cryptography
import FoundationEssentials

/// An exported ledger: all records with what verifies them, for people who have neither the repository nor a key
/// (FORMAT.md, section 9).
package struct LedgerFile: Codable, Equatable, Sendable {
  /// One record. What it says is in the envelope alone; texts here, so that a broken one is named and the others read.
  package struct Item: Codable, Equatable, Sendable {
    /// The name of the object that the envelope was sealed in.
    package let record: String
    /// Who signed it.
    package let signer: String
    /// Base64 of the envelope.
    package let envelope: String

    package init(record: Name, signer: PublicKey, envelope: [UInt8]) {
      self.record = record.hex
      self.signer = signer.hex
      self.envelope = Data(envelope).base64EncodedString()
    }

    /// The envelope; nil for what is no canonical base64.
    package var bytes: [UInt8]? {
      guard let data = Data(base64Encoded: envelope), data.base64EncodedString() == envelope else { return nil }
      return Array(data)
    }
  }

  /// The key of the signature beside the file, and the restorer's word that it is theirs.
  package struct Evidence: Codable, Equatable, Sendable {
    private static let domain = Array("lifeboat-1 minisign key\0".utf8)

    /// As `minisign -P` takes it.
    package let minisign: String
    package let restorer: PublicKey
    /// The restorer's signature over `lifeboat-1 minisign key`, a zero byte, and the 32 bytes of the minisign key.
    package let signature: Base64

    /// The minisign key that follows from a restorer's signing key.
    package init(_ key: SigningKey) {
      let publicKey = MinisignKey(derivedFrom: key).publicKey
      minisign = publicKey.text
      restorer = key.publicKey
      signature = Base64(key.sign(Evidence.domain + publicKey.key.bytes))
    }

    /// Whether the restorer said so.
    package var isSigned: Bool {
      guard let publicKey = MinisignPublicKey(minisign) else { return false }
      return restorer.verify(signature.bytes, of: Evidence.domain + publicKey.key.bytes)
    }
  }

  /// What it is: `ledger`.
  package let lifeboat: String
  package let format: Int
  package let repository: Identifier
  /// The key on which everything rests.
  package let root: PublicKey
  /// When it was made, in nanoseconds since 1970.
  package let exported: WideInteger
  package let tool: String
  /// The statements of authority, from number 0 on.
  package let authority: [Base64]
  /// In the order of the ledger.
  package let records: [Item]
  package let heads: [Name]
  package let evidence: Evidence?

  package init(
    repository: Identifier, root: PublicKey, exported: UInt64, tool: String, authority: [[UInt8]], records: [Item],
    heads: [Name], evidence: Evidence?
  ) {
    lifeboat = "ledger"
    format = 1
    self.repository = repository
    self.root = root
    self.exported = WideInteger(exported)
    self.tool = tool
    self.authority = authority.map { Base64($0) }
    self.records = records
    self.heads = heads
    self.evidence = evidence
  }

  /// The file: JSON, a value a line.
  package var bytes: [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes, .prettyPrinted]
    guard let data = try? encoder.encode(self) else { fatalError("plain strings and numbers must encode") }
    return Array(data) + [0x0a]
  }

  /// Reads a file; what its records say is not looked at.
  ///
  /// - Throws: `damaged` for what is no export, `unsupportedFormat` for one of a later version
  package init(bytes: [UInt8]) throws(Failure) {
    self = try JSONBody.decode(LedgerFile.self, from: bytes, of: "exported ledger")
    guard lifeboat == "ledger" else { throw Failure(.damaged, "this is no exported ledger") }
    guard format == 1 else {
      throw Failure(
        .unsupportedFormat, "format \(format) of an exported ledger is newer than this program",
        next: "Use a newer lifeboat.")
    }
  }
}
