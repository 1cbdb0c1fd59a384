import Bytes
import Cryptography
import TestKit
import Testing

/// One file of the Community Cryptography Test Vectors for age (https://age-encryption.org/testkit).
struct AgeVector: Sendable, CustomTestStringConvertible {
  let name: String
  let fields: [(key: String, value: String)]
  let file: [UInt8]

  var testDescription: String { name }
  var expected: String { values("expect").first ?? "" }
  var isArmored: Bool { values("armored") == ["yes"] }

  init(name: String, _ bytes: [UInt8]) throws {
    self.name = name
    let end = try #require(bytes.indices.dropLast().first { bytes[$0] == 0x0A && bytes[$0 + 1] == 0x0A })
    fields = String(decoding: bytes[..<end], as: UTF8.self).split(separator: "\n").map { line in
      let parts = line.split(separator: ": ", maxSplits: 1)
      return (String(parts[0]), parts.count > 1 ? String(parts[1]) : "")
    }
    file = Array(bytes[(end + 2)...])
  }

  func values(_ key: String) -> [String] { fields.filter { $0.key == key }.map(\.value) }

  /// The file as age sees it.
  func unpacked() throws -> [UInt8] {
    guard values("compressed") == ["zlib"] else { return file }
    let program = "import sys, zlib; sys.stdout.buffer.write(zlib.decompress(sys.stdin.buffer.read()))"
    let outcome = try Tool.run(Tool.python, ["-c", program], input: file)
    try #require(outcome.status == 0, "\(outcome.complaint)")
    return outcome.output
  }
}

/// The vectors where they lie beside the checkout.
enum AgeTestkit {
  static let all: [AgeVector] = {
    guard let folder = try? SharedData.folder(named: "age-testkit") else { return [] }
    return Files.names(in: folder).sorted().compactMap { name in
      try? AgeVector(name: name, Files.read("\(folder)/\(name)"))
    }
  }()

  static func isHybrid(_ vector: AgeVector) -> Bool {
    vector.values("identity").contains { $0.hasPrefix("AGE-SECRET-KEY-PQ-") }
  }
}

@Suite("Published age test vectors")
struct AgeVectorTests {
  @Test("The vectors are there")
  func vectorsAreThere() throws {
    guard try SharedData.folder(named: "age-testkit") != nil else { return }
    #expect(AgeTestkit.all.count >= 140)
    #expect(AgeTestkit.all.count { AgeTestkit.isHybrid($0) } == 19)
  }

  @Test("Each vector has its outcome", arguments: AgeTestkit.all.filter { !AgeTestkit.isHybrid($0) })
  func outcome(_ vector: AgeVector) throws {
    var identities: [AgeIdentity] = []
    for text in vector.values("identity") { identities.append(.x25519(try X25519Identity(text: text.utf8))) }
    for text in vector.values("passphrase") { identities.append(.passphrase(Secret(copying: ascii(text)))) }
    let file = try vector.unpacked()
    do throws(Age.Problem) {
      let plain = try Age.attempt(vector.isArmored ? try Age.unarmor(file) : file, with: identities)
      #expect(vector.expected == "success")
      #expect(vector.values("payload") == [ObjectDigest.name(of: plain).hex])
    } catch {
      #expect(vector.expected == word(for: error), "\(error)")
    }
  }

  /// The word that the vectors use for a problem.
  private func word(for problem: Age.Problem) -> String {
    switch problem {
    case .armorMalformed: "armor failure"
    case .headerMalformed, .unsupportedVersion, .workFactorTooHigh: "header failure"
    case .headerForged: "HMAC failure"
    case .noMatch, .passphraseWrong, .passphraseMissing: "no match"
    case .payloadDamaged: "payload failure"
    case .unsupportedRecipient, .outOfMemory: "none of the vectors"
    }
  }

  /// The hybrid vectors that go wrong before the kind of recipient matters, and how.
  private static let malformed: [String: String] = [
    "hybrid_not_canonical_body": "header failure", "hybrid_uppercase": "no match",
    "hybrid_x25519_arg": "header failure",
  ]

  @Test("Hybrid vectors are refused as unsupported, by name", arguments: AgeTestkit.all.filter(AgeTestkit.isHybrid))
  func hybrid(_ vector: AgeVector) throws {
    for text in vector.values("identity") where text.hasPrefix("AGE-SECRET-KEY-PQ-") {
      #expect(code { () throws(Failure) in try X25519Identity(text: text.utf8) } == .unsupportedFormat)
    }
    let file = try vector.unpacked()
    let outcome = Result { () throws(Age.Problem) in
      try Age.attempt(vector.isArmored ? try Age.unarmor(file) : file, with: [.x25519(X25519Identity())])
    }
    guard case .failure(let problem) = outcome else {
      Issue.record("a stranger opened it")
      return
    }
    if let expected = AgeVectorTests.malformed[vector.name] {
      #expect(word(for: problem) == expected)
    } else {
      #expect(problem == .unsupportedRecipient("mlkem768x25519"))
      #expect(problem.failure.code == .unsupportedFormat)
    }
  }
}
