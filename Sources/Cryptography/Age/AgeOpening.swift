package import Bytes

extension Age {
  /// Opens a binary age file with the first identity that fits; gives all of the plain bytes or none.
  ///
  /// Throws `keyWrongRole` where it is sealed to others, `keyWrongPassphrase`, `damaged`, `unsupportedFormat`.
  package static func open(_ file: [UInt8], with identities: [AgeIdentity]) throws(Failure) -> [UInt8] {
    do {
      return try attempt(file, with: identities)
    } catch {
      throw error.failure
    }
  }

  /// Opens a binary age file whose contents are secret: they never lie in unguarded memory. Throws as `open` does.
  package static func openSecret(_ file: [UInt8], with identities: [AgeIdentity]) throws(Failure) -> Secret {
    do throws(Problem) {
      let payload = try SealedPayload(file, with: identities)
      var isGood = false
      let secret = Secret(count: payload.plainCount) { isGood = payload.open(into: $0) }
      guard isGood else { throw .payloadDamaged }
      return secret
    } catch {
      throw error.failure
    }
  }

  /// Opens a binary age file as `open` does, and says exactly what is wrong where it can't.
  package static func attempt(_ file: [UInt8], with identities: [AgeIdentity]) throws(Problem) -> [UInt8] {
    let payload = try SealedPayload(file, with: identities)
    var isGood = false
    let plain = [UInt8](unsafeUninitializedCapacity: payload.plainCount) { buffer, written in
      let target = UnsafeMutableRawBufferPointer(buffer)
      isGood = payload.open(into: UnsafeMutableRawBufferPointer(rebasing: target[..<payload.plainCount]))
      written = isGood ? payload.plainCount : 0
    }
    guard isGood else { throw .payloadDamaged }
    return plain
  }
}

/// The payload of a file whose header has been unlocked and found authentic.
private struct SealedPayload {
  private let sealed: ArraySlice<UInt8>
  private let key: Secret
  let plainCount: Int

  init(_ file: [UInt8], with identities: [AgeIdentity]) throws(Age.Problem) {
    let header = try AgeHeader(file[...])
    let fileKey = try SealedPayload.fileKey(of: try AgeWrap.all(of: header), with: identities)
    guard header.isAuthentic(under: fileKey) else { throw .headerForged }
    let nonce = Array(header.payload.prefix(AgeStream.nonceCount))
    guard nonce.count == AgeStream.nonceCount else { throw .headerMalformed("the nonce behind it is cut off") }
    sealed = header.payload.dropFirst(AgeStream.nonceCount)
    guard let count = AgeStream.plainCount(sealed: sealed.count) else { throw .payloadDamaged }
    plainCount = count
    key = AgeStream.key(from: fileKey, nonce: nonce)
  }

  func open(into target: UnsafeMutableRawBufferPointer) -> Bool {
    sealed.withUnsafeBytes { AgeStream.open($0, under: key, into: target) }
  }

  private static func fileKey(of wraps: [AgeWrap], with identities: [AgeIdentity]) throws(Age.Problem) -> Secret {
    var tried = false
    for wrap in wraps {
      for identity in identities {
        switch (wrap, identity) {
        case (.x25519(let wrap), .x25519(let identity)):
          if let fileKey = try wrap.open(with: identity) { return fileKey }
        case (.passphrase(let wrap), .passphrase(let passphrase)):
          tried = true
          if let fileKey = try wrap.open(with: passphrase) { return fileKey }
        default: continue
        }
      }
    }
    throw explanation(of: wraps, passphraseTried: tried)
  }

  private static func explanation(of wraps: [AgeWrap], passphraseTried: Bool) -> Age.Problem {
    for wrap in wraps {
      switch wrap {
      case .passphrase: return passphraseTried ? .passphraseWrong : .passphraseMissing
      case .other(let kind) where AgeWrap.unsupported.contains(kind): return .unsupportedRecipient(kind)
      default: continue
      }
    }
    return .noMatch
  }
}
