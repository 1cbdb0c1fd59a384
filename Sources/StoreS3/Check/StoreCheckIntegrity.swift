import Bytes
import Cryptography

extension StoreCheck {
  /// Whether the store compares what arrives with what was signed, and with Content-MD5.
  func checkDigests() throws(Failure) {
    let bytes = Array("bytes as they arrive".utf8)
    let other = ObjectDigest.name(of: Array("other bytes".utf8))
    let digest = try canaries.put("digest", bytes, digest: other)
    report.facts.checksDigest = StoreCheck.refused(digest)
    find(
      .integrity, "bytes that do not match the signed SHA-256 are refused", report.facts.checksDigest,
      digest.isSuccess ? "stored nevertheless" : CheckRequests.words(digest))
    let wrong = Array("other bytes".utf8).withUnsafeBytes { ContentMD5.text(of: $0) }
    let md5 = try canaries.put("md5", bytes, headers: [("Content-MD5", wrong)])
    report.facts.checksMD5 = StoreCheck.refused(md5)
    find(
      .integrity, "bytes that do not match Content-MD5 are refused", report.facts.checksMD5,
      md5.isSuccess ? "stored nevertheless" : CheckRequests.words(md5))
  }

  /// A store may also answer a mismatch of the digest as one of the signature.
  private static func refused(_ answer: S3Answer) -> Bool? {
    if answer.isSuccess { return false }
    return answer.status == 400 || answer.error.code == "SignatureDoesNotMatch" ? true : nil
  }

  /// Whether the store refuses to replace when asked to, and whether that holds when many come at once.
  func checkWriteOnce() throws(Failure) {
    let condition = [(name: "If-None-Match", value: "*")]
    let first = try canaries.put("once", [1], headers: condition)
    guard first.isSuccess else {
      report.facts.refusesReplacing = false
      return find(
        .writeOnce, "replaces nothing when asked not to", .no,
        "does not take If-None-Match: \(CheckRequests.words(first))")
    }
    let second = try canaries.put("once", [2], headers: condition)
    report.facts.refusesReplacing = second.status == 412 ? true : second.isSuccess ? false : nil
    find(
      .writeOnce, "replaces nothing when asked not to", report.facts.refusesReplacing,
      second.isSuccess ? "If-None-Match is ignored" : CheckRequests.words(second))
    guard report.facts.refusesReplacing == true else { return }
    try checkRace(condition)
  }

  private func checkRace(_ condition: [(name: String, value: String)]) throws(Failure) {
    let canaries = canaries
    var winners: [Int] = []
    for round in 0..<3 {
      let answers = try CheckThreads.run(8) { (number) throws(Failure) in
        try canaries.put("race-\(round)", [UInt8(number)], headers: condition).isSuccess
      }
      winners.append(answers.count { $0 })
    }
    let worst = winners.max { abs($0 - 1) < abs($1 - 1) } ?? 0
    report.facts.raceWinners = worst
    find(
      .writeOnce, "of eight that put one path at once, one succeeds", winners.allSatisfy { $0 == 1 },
      "winners in three rounds: \(winners.map(String.init).joined(separator: ", "))")
  }
}
