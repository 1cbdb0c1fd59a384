import Bytes
import Cryptography
import Format
import TestKit
import Testing

@Suite("Envelopes")
struct EnvelopeTests {
  private let header = Envelope.Header(
    kind: .snapshot, repository: Sample.repository, writer: Sample.writer, authority: 5, time: .max)
  private let body = Array("{\"a\":1}   ".utf8)

  private func open(_ bytes: [UInt8]) throws -> Envelope {
    try Envelope.open(bytes, kind: .snapshot, repository: Sample.repository, writer: Sample.writer)
  }

  @Test("come back with header, body and signer")
  func roundTrip() throws {
    let bytes = Envelope.seal(header, body: body, by: Sample.signing)
    #expect(bytes.count == Envelope.length(ofBody: body.count))
    let envelope = try open(bytes)
    #expect(envelope.header == header)
    #expect(envelope.body == body)
    #expect(envelope.signer == Sample.signing.publicKey)
    #expect(try open(Envelope.seal(header, body: [], by: Sample.signing)).body.isEmpty)
  }

  @Test("do not verify with any bit flipped, any end cut off, or anything behind them")
  func damage() {
    let bytes = Envelope.seal(header, body: body, by: Sample.signing)
    for bit in 0..<(bytes.count * 8) {
      var flipped = bytes
      flipped[bit / 8] ^= 1 << UInt8(bit % 8)
      #expect(throws: Failure.self, "bit \(bit)") { try open(flipped) }
    }
    for count in 0..<bytes.count { #expect(code { _ = try open(Array(bytes.prefix(count))) } == .damaged) }
    #expect(code { _ = try open(bytes + [0]) } == .damaged)
    fuzz(seed: 5, count: 500) { _, random in
      let mutated = random.mutation(of: bytes)
      if mutated != bytes { #expect(throws: Failure.self) { try open(mutated) } }
    }
  }

  @Test("of another repository, writer or kind are refused, each in its own words")
  func elsewhere() {
    func sealed(_ kind: Envelope.Kind = .snapshot, _ repository: Identifier, _ writer: Identifier) -> [UInt8] {
      let header = Envelope.Header(kind: kind, repository: repository, writer: writer, authority: 0, time: 0)
      return Envelope.seal(header, body: body, by: Sample.signing)
    }
    #expect(code { _ = try open(sealed(.snapshot, .random(), Sample.writer)) } == .keyUntrusted)
    #expect(code { _ = try open(sealed(.snapshot, Sample.repository, .random())) } == .keyUntrusted)
    #expect(code { _ = try open(sealed(.index, Sample.repository, Sample.writer)) } == .damaged)
  }

  @Test("of a newer version or with a critical flag are refused as unsupported, and kinds to come as unknown")
  func newer() {
    var bytes = Envelope.seal(header, body: body, by: Sample.signing)
    bytes[9] = 2
    #expect(code { _ = try open(bytes) } == .unsupportedFormat)
    bytes[9] = 1
    bytes[10] = 1
    #expect(code { _ = try open(bytes) } == .unsupportedFormat)
    bytes[10] = 0
    bytes[8] = 8
    #expect(code { _ = try open(bytes) } == .damaged)
  }

  @Test("a wrap opens only where it belongs, and only for its recipients")
  func wraps() throws {
    let identity = X25519Identity()
    let secret = Secret(random: 32)
    let place = Wrap.Place(kind: .blobKey, epoch: 1, repository: Sample.repository, writer: Sample.writer)
    let file = try Wrap.seal(secret, at: place, to: [.x25519(identity.recipient)])
    #expect(try Wrap.open(file, at: place, with: [.x25519(identity)]).matches(secret))
    #expect(code { _ = try Wrap.open(file, at: place, with: [.x25519(X25519Identity())]) } == .keyWrongRole)
    for other in [
      Wrap.Place(kind: .listKey, epoch: 1, repository: Sample.repository, writer: Sample.writer),
      Wrap.Place(kind: .blobKey, epoch: 2, repository: Sample.repository, writer: Sample.writer),
      Wrap.Place(kind: .blobKey, epoch: 1, repository: .random(), writer: Sample.writer),
      Wrap.Place(kind: .blobKey, epoch: 1, repository: Sample.repository, writer: .random()),
    ] {
      #expect(code { _ = try Wrap.open(file, at: other, with: [.x25519(identity)]) } == .damaged)
    }
    for position in stride(from: 0, to: file.count, by: 3) {
      var flipped = file
      flipped[position] ^= 1
      #expect(throws: Failure.self) { try Wrap.open(flipped, at: place, with: [.x25519(identity)]) }
    }
    let short = try Age.seal([UInt8](repeating: 0, count: 79), to: [.x25519(identity.recipient)])
    #expect(code { _ = try Wrap.open(short, at: place, with: [.x25519(identity)]) } == .damaged)
  }

  @Test("a blob's address covers everything but where it lies")
  func addresses() {
    let entry = Sample.entries[2]
    func address(_ entry: DirectoryEntry, key: Name = Sample.name(1), in repository: Identifier = Sample.repository)
      -> [UInt8]
    {
      BlobAddress(entry, key: key, repository: repository).additionalData
    }
    #expect(address(entry).count == 140)
    #expect(address(entry) == address(entry.moved(to: 9999)))
    #expect(address(entry) != address(entry, key: Sample.name(2)))
    #expect(address(entry) != address(entry, in: .random()))
    func changed(
      name: Name? = nil, kind: BlobKind = .data, flags: BlobFlags = [.zstd, .delta], depth: UInt8 = 3,
      plain: UInt32 = 4 << 20, sealed: UInt32 = 40, base: Name? = nil
    ) -> DirectoryEntry {
      DirectoryEntry(
        name: name ?? entry.name, kind: kind, flags: flags, depth: depth, key: 0, plainLength: plain,
        sealedLength: sealed, offset: 0, base: base ?? entry.base)
    }
    #expect(address(changed()) == address(entry))
    for other in [
      changed(name: Sample.name(9)), changed(kind: .list), changed(flags: .zstd), changed(depth: 4),
      changed(plain: 5), changed(sealed: 41), changed(base: Sample.name(9)),
    ] {
      #expect(address(other) != address(entry))
    }
  }
}
