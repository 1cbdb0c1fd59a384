import Bytes
import Cryptography

extension StoreCheck {
  /// Whether objects can be locked, and whether these credentials can get around it.
  func checkLocks() throws(Failure) {
    guard report.facts.keepsVersions == true else {
      report.facts.locks = false
      return find(.locks, "objects can be locked", .no, "that needs a bucket that keeps versions")
    }
    for mode in [S3Lock.Mode.governance, .compliance] {
      guard try checkLock(mode) else { return }
    }
  }

  /// False where there is no use in going on.
  private func checkLock(_ mode: S3Lock.Mode) throws(Failure) -> Bool {
    let name = "locked-\(mode.rawValue.lowercased())"
    let until = store.client.now + request.lockSeconds * 1_000_000_000
    let bytes: [UInt8] = [1, 2, 3]
    let answer = try canaries.put(
      name, bytes,
      headers: [
        ("x-amz-object-lock-mode", mode.rawValue),
        ("x-amz-object-lock-retain-until-date", SigningTime(until).dashed),
        ("Content-MD5", bytes.withUnsafeBytes { ContentMD5.text(of: $0) }),
      ])
    let question = "objects can be locked (\(mode.rawValue.lowercased()))"
    guard answer.isSuccess, let version = answer.headers["x-amz-version-id"] else {
      let right = CheckRequests.right(answer)
      if right == false { report.facts.mayLock = false } else { report.facts.locks = false }
      find(.locks, question, right == false ? .unclear : .no, CheckRequests.words(answer))
      return false
    }
    lockedUntil = max(lockedUntil, until)
    report.facts.mayLock = true
    let deletion = try delete(name, version, isBypassing: false)
    if deletion.isSuccess {
      canaries.forget(name, version: version)
      report.facts.locks = false
      find(.locks, question, .no, "the store takes the lock, and deletes the object nevertheless")
      return false
    }
    report.facts.locks = true
    let tells = report.facts.mayDeleteVersions != false
    find(
      .locks, question, .yes,
      tells ? "a locked version cannot be deleted" : "taken; these credentials may delete no version anyway")
    try checkShortening(name, version, mode)
    return true
  }

  private func checkShortening(_ name: String, _ version: String, _ mode: S3Lock.Mode) throws(Failure) {
    let plain = try shorten(name, version, mode, isBypassing: false)
    let bypassing = try shorten(name, version, mode, isBypassing: true)
    if mode == .compliance {
      let deletion = try delete(name, version, isBypassing: true)
      let holds = !plain.isSuccess && !bypassing.isSuccess && !deletion.isSuccess
      report.facts.complianceHolds = holds
      if deletion.isSuccess { canaries.forget(name, version: version) }
      return find(.locks, "a compliance lock holds for everybody", holds, holds ? "" : "it was shortened or bypassed")
    }
    report.facts.mayShorten = CheckRequests.right(plain)
    find(
      .rights, "shorten a governance lock", report.facts.mayShorten, plain.isSuccess ? "" : CheckRequests.words(plain))
    report.facts.mayBypass = CheckRequests.right(bypassing)
    find(
      .rights, "bypass a governance lock", report.facts.mayBypass,
      bypassing.isSuccess ? "shortened with x-amz-bypass-governance-retention" : CheckRequests.words(bypassing))
  }

  private func delete(_ name: String, _ version: String, isBypassing: Bool) throws(Failure) -> S3Answer {
    try requests.ask(
      S3Request(
        "DELETE", key: canaries.key(name), query: [("versionId", version)], headers: StoreCheck.bypass(isBypassing)))
  }

  private func shorten(
    _ name: String, _ version: String, _ mode: S3Lock.Mode, isBypassing: Bool
  ) throws(Failure) -> S3Answer {
    let until = SigningTime(store.client.now + 3_000_000_000).dashed
    let body = Array(
      """
      <Retention xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Mode>\(mode.rawValue)</Mode>\
      <RetainUntilDate>\(until)</RetainUntilDate></Retention>
      """.utf8)
    let digest = body.withUnsafeBytes { ContentMD5.text(of: $0) }
    return try requests.ask(
      S3Request(
        "PUT", key: canaries.key(name), query: [("retention", ""), ("versionId", version)],
        headers: [("Content-MD5", digest)] + StoreCheck.bypass(isBypassing)), body: body)
  }

  private static func bypass(_ isBypassing: Bool) -> [(name: String, value: String)] {
    isBypassing ? [("x-amz-bypass-governance-retention", "true")] : []
  }
}
