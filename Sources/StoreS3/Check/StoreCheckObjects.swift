import Bytes
import Cryptography
import Store

extension StoreCheck {
  static let firstBytes = (0..<1000).map { UInt8(truncatingIfNeeded: $0 &* 7) }

  /// The first canary: whether anything may be put, and whether it is there at once. False if nothing may be put.
  func checkFirstPut() throws(Failure) -> Bool {
    let answer = try canaries.put("first", Self.firstBytes)
    report.facts.mayPut = CheckRequests.right(answer)
    find(.rights, "put", report.facts.mayPut, answer.isSuccess ? "" : CheckRequests.words(answer))
    guard answer.isSuccess else {
      if report.facts.mayPut == false { return false }
      throw store.client.failure(
        of: answer, "the store cannot be checked", S3Request("PUT", key: canaries.key("first")))
    }
    learnVersions(answer)
    try checkReading()
    try checkListingOfOne()
    try checkReadingVersions(answer.headers["x-amz-version-id"])
    try checkAccessList()
    return true
  }

  /// A version's name in an answer tells what the bucket's settings may not.
  private func learnVersions(_ answer: S3Answer) {
    let version = answer.headers["x-amz-version-id"] ?? "null"
    let keeps = version != "null"
    if report.facts.keepsVersions == nil, keeps {
      find(.versions, "new objects are versions", .yes, "the store names a version for what was put")
    }
    report.facts.keepsVersions = report.facts.keepsVersions ?? keeps
  }

  private func checkReading() throws(Failure) {
    let get = try requests.ask(S3Request("GET", key: canaries.key("first"), headers: store.customerKey))
    report.facts.mayGet = CheckRequests.right(get)
    if get.isSuccess {
      find(.rights, "get", .yes)
      report.facts.readsAfterPut = get.body == Self.firstBytes
      find(.objects, "what is put is read back at once", get.body == Self.firstBytes)
    } else if report.facts.mayGet == false {
      find(.rights, "get", .no, CheckRequests.words(get))
      find(.objects, "what is put is read back at once", .untried, "these credentials may not read")
    } else {
      report.facts.mayGet = true
      report.facts.readsAfterPut = false
      find(.objects, "what is put is read back at once", .no, CheckRequests.words(get))
    }
    let head = try requests.ask(S3Request("HEAD", key: canaries.key("first"), headers: store.customerKey))
    if head.isSuccess {
      let size = head.headers["content-length"] ?? "nothing"
      find(.objects, "sizes are told", size == "1000", size == "1000" ? "" : "HEAD says \(size) instead of 1000")
    } else {
      find(.rights, "look at one object (HEAD)", CheckRequests.right(head), CheckRequests.words(head))
    }
  }

  private func checkListingOfOne() throws(Failure) {
    guard report.facts.mayList == true else {
      return find(.objects, "what is put is listed at once", .untried, "these credentials may not list")
    }
    var listed = false
    try store.list(report.folder) { (object) throws(Failure) in
      if object.path.text == report.folder + "first" { listed = object.size == 1000 }
    }
    report.facts.listsAfterPut = listed
    find(.objects, "what is put is listed at once", listed)
  }

  private func checkReadingVersions(_ version: String?) throws(Failure) {
    guard report.facts.keepsVersions == true, let version else { return }
    let get = try requests.ask(
      S3Request("GET", key: canaries.key("first"), query: [("versionId", version)], headers: store.customerKey))
    report.facts.mayGetVersions = CheckRequests.right(get)
    find(.rights, "get a version", report.facts.mayGetVersions, get.isSuccess ? "" : CheckRequests.words(get))
    let answer = try requests.ask(S3Request("GET", query: [("versions", ""), ("prefix", canaries.key("first"))]))
    report.facts.mayReadVersions = CheckRequests.right(answer)
    find(.rights, "list versions", report.facts.mayReadVersions, answer.isSuccess ? "" : CheckRequests.words(answer))
  }

  /// Whether who puts an object may say who reads it; tried by saying what holds anyway.
  private func checkAccessList() throws(Failure) {
    let question = "change who may read an object"
    guard try canaries.put("access", [1]).isSuccess else { return find(.rights, question, .unclear) }
    let request = S3Request(
      "PUT", key: canaries.key("access"), query: [("acl", "")], headers: [("x-amz-acl", "private")])
    let answer = try requests.ask(request)
    // Where access control lists are switched off, or unknown: some stores then take the request for a put.
    let isPut = answer.isSuccess ? try isReplaced("access") : false
    let isOff = isPut || [400, 404, 501].contains(answer.status)
    report.facts.mayChangeAccess = isOff ? false : CheckRequests.right(answer)
    let refusal = answer.isSuccess ? "the store has no access control lists" : CheckRequests.words(answer)
    find(
      .rights, question, report.facts.mayChangeAccess,
      report.facts.mayChangeAccess == true ? "by its access control list" : refusal)
  }

  /// Whether a canary of one byte no longer is one, as far as these credentials may see.
  private func isReplaced(_ name: String) throws(Failure) -> Bool {
    let get = try requests.ask(S3Request("GET", key: canaries.key(name), headers: store.customerKey))
    return get.isSuccess && get.body != [1]
  }

  /// Parts of an object, as restores read them.
  func checkRanges() throws(Failure) {
    guard report.facts.mayGet == true else {
      return find(.objects, "parts of objects are read", .untried, "these credentials may not read")
    }
    var wrong: [String] = []
    var isPlain = true
    for (range, expected) in [
      ("0-0", 0..<1), ("100-199", 100..<200), ("990-1999", 990..<1000), ("999-999", 999..<1000),
    ] {
      let answer = try get("bytes=\(range)")
      if answer.status != 206 { isPlain = false }
      let isPart = answer.status == 206 || answer.headers["content-range"] != nil
      if !isPart || answer.body != Array(Self.firstBytes[expected]) { wrong.append(range) }
    }
    let beyond = try get("bytes=1000-1999")
    if beyond.status != 416, !(beyond.isSuccess && beyond.body.isEmpty) { wrong.append("beyond the end") }
    report.facts.readsRanges = wrong.isEmpty
    let oddity = isPlain ? "" : "with a status other than 206, which lifeboat understands"
    find(
      .objects, "parts of objects are read", wrong.isEmpty,
      wrong.isEmpty ? oddity : "wrong: \(wrong.joined(separator: ", "))")
  }

  private func get(_ range: String) throws(Failure) -> S3Answer {
    try requests.ask(S3Request("GET", key: canaries.key("first"), headers: store.customerKey + [("Range", range)]))
  }

  /// Whether a put replaces what is there, and whether the old version stays.
  func checkOverwriting() throws(Failure) {
    let answer = try canaries.put("first", [1, 2, 3])
    report.facts.mayOverwrite = CheckRequests.right(answer)
    let stays = report.facts.keepsVersions == true ? "the version before stays" : "what was there is gone"
    find(.rights, "overwrite", report.facts.mayOverwrite, answer.isSuccess ? stays : CheckRequests.words(answer))
    guard answer.isSuccess, report.facts.mayGet == true else { return }
    let get = try requests.ask(S3Request("GET", key: canaries.key("first"), headers: store.customerKey))
    find(.objects, "an overwritten object is read in its new form at once", get.body == [1, 2, 3])
    if get.body != [1, 2, 3] { report.facts.readsAfterPut = false }
  }

  /// Whether these credentials may delete objects, and versions of them; on canaries made for it.
  func checkDeleting() throws(Failure) {
    let made = try canaries.put("deleted", [1])
    guard made.isSuccess else { return find(.rights, "delete", .unclear, CheckRequests.words(made)) }
    let version = made.headers["x-amz-version-id"].flatMap { $0 == "null" ? nil : $0 }
    if let version {
      let request = S3Request("DELETE", key: canaries.key("deleted"), query: [("versionId", version)])
      let answer = try requests.ask(request)
      let isLocked = report.facts.defaultLock != nil && !answer.isSuccess
      report.facts.mayDeleteVersions = isLocked ? nil : CheckRequests.right(answer)
      if answer.isSuccess { canaries.forget("deleted", version: version) }
      find(
        .rights, "delete versions for good", report.facts.mayDeleteVersions,
        answer.isSuccess ? "" : CheckRequests.words(answer) + (isLocked ? "; the object is locked by default" : ""))
      if answer.isSuccess { _ = try canaries.put("deleted", [2]) }
    }
    let answer = try requests.ask(S3Request("DELETE", key: canaries.key("deleted")))
    report.facts.mayDelete = CheckRequests.right(answer)
    let isHidden = answer.headers["x-amz-delete-marker"] == "true"
    if answer.isSuccess {
      if isHidden {
        canaries.note("deleted", version: answer.headers["x-amz-version-id"])
      } else {
        canaries.forget("deleted", version: nil)
      }
    }
    let words = isHidden ? "hides the object; its versions stay" : "what is deleted is gone"
    find(.rights, "delete", report.facts.mayDelete, answer.isSuccess ? words : CheckRequests.words(answer))
    isCleanable = (version == nil ? report.facts.mayDelete : report.facts.mayDeleteVersions) == true
    try checkGone()
  }

  private func checkGone() throws(Failure) {
    guard report.facts.mayDelete == true, report.facts.mayGet == true else { return }
    let get = try requests.ask(S3Request("GET", key: canaries.key("deleted"), headers: store.customerKey))
    find(
      .objects, "a deleted object is gone at once", get.status == 404, get.status == 404 ? "" : CheckRequests.words(get)
    )
  }
}
