package import Bytes
import Cryptography
package import Store
import Synchronization

extension S3Store {
  package func put(_ path: StorePath, _ bytes: UnsafeRawBufferPointer, digest: Name?) throws(Failure) {
    let name = digest ?? ObjectDigest.name(of: bytes)
    // An object of that name can only have these bytes: where it is there already, nothing changes.
    let namesItself = path.name.hasSuffix(name.hex)
    if writeOnce.looksFirst(namesItself, client.quirks), try isThere(path) { throw exists(path) }
    let request = putRequest(path)
    while true {
      let isConditional = writeOnce.asks
      let hasMD5 = wantsMD5.load(ordering: .relaxed)
      var sent = request
      if isConditional { sent.headers.append(("If-None-Match", "*")) }
      if hasMD5 { sent.headers.append(("Content-MD5", ContentMD5.text(of: bytes))) }
      let answer = try client.send(sent, body: bytes, digest: name)
      if answer.isSuccess {
        // A bucket that keeps versions would keep one more, perhaps locked.
        let isVersioned = answer.headers["x-amz-version-id"] != nil
        if isConditional, !isVersioned, writeOnce.mayProbe(bytes.count, client.quirks) { probe(sent, bytes, name) }
        return
      }
      if answer.status == 412, isConditional {
        writeOnce.learn(.honoured)
        throw answer.wasRepeated ? perhapsOurs(path) : exists(path)
      }
      if !hasMD5, S3Store.asksForMD5(answer) {
        wantsMD5.store(true, ordering: .relaxed)
        continue
      }
      guard isConditional, WriteOnce.isUnknownHeader(answer) else { throw refused(answer, sent, bytes, name) }
      // Without the header the store must be asked before.
      writeOnce.learnRefusal()
      sayIgnored()
      if try isThere(path) { throw exists(path) }
    }
  }

  /// What every new object is put with, but for its lock.
  var newObjectHeaders: [(name: String, value: String)] {
    let settings = client.settings
    var headers = customerKey
    switch settings.encryption {
    case .s3: headers.append(("x-amz-server-side-encryption", "AES256"))
    case .kms(let key):
      headers.append(("x-amz-server-side-encryption", "aws:kms"))
      if let key { headers.append(("x-amz-server-side-encryption-aws-kms-key-id", key)) }
    default: break
    }
    if let name = settings.storageClass { headers.append(("x-amz-storage-class", name)) }
    return headers
  }

  private func putRequest(_ path: StorePath) -> S3Request {
    var headers = newObjectHeaders
    if let lock = client.settings.lock {
      let (end, isTooFar) = (client.now / 1_000_000_000).addingReportingOverflow(lock.seconds)
      // The year 2554, where nanoseconds in 64 bits end.
      let latest = UInt64.max / 1_000_000_000
      let moment = SigningTime((isTooFar ? latest : min(end, latest)) * 1_000_000_000)
      headers.append(("x-amz-object-lock-mode", lock.mode.rawValue))
      headers.append(("x-amz-object-lock-retain-until-date", moment.dashed))
    }
    return S3Request("PUT", key: client.key(of: path.text), headers: headers)
  }

  /// Puts an object once more that has just been put: the cheapest way to see whether the store replaces. The bytes
  /// are the same, so nothing is lost if it does.
  private func probe(_ request: S3Request, _ bytes: UnsafeRawBufferPointer, _ name: Name) {
    // What goes wrong here says nothing and costs nothing: the object itself has been put.
    guard let answer = try? client.send(request, body: bytes, digest: name) else { return }
    if answer.status == 412 {
      writeOnce.learn(.honoured)
    } else if answer.isSuccess {
      writeOnce.learn(.ignored)
      sayIgnored()
    }
  }

  private func sayIgnored() {
    sayOnce(
      "the store replaces objects although it is asked not to (If-None-Match): it is looked at before every put, and "
        + "only versions or locks keep what is there from being replaced by others")
  }

  /// Whether there is an object, as far as these credentials may know.
  private func isThere(_ path: StorePath) throws(Failure) -> Bool {
    do throws(Failure) {
      return try currentSize(of: path) != nil
    } catch {
      guard error.code == .storeDenied else { throw error }
      sayOnce("these credentials may not look whether an object is there before they put it")
      return false
    }
  }

  /// Whether a refusal is for the want of a digest in the one form that locks go with.
  private static func asksForMD5(_ answer: S3Answer) -> Bool {
    guard answer.status == 400 else { return false }
    let error = answer.error
    return error.message.lowercased().contains("content-md5") && error.code != "BadDigest"
  }

  private func exists(_ path: StorePath) -> Failure {
    Failure(.storeExists, "the object exists already", at: client.place(client.key(of: path.text)))
  }

  /// The connection broke and libcurl sent the request again by itself: what is there may come from its first try.
  private func perhapsOurs(_ path: StorePath) -> Failure {
    Failure(
      .storeUnavailable, "the answer to a put was lost", at: client.place(client.key(of: path.text)),
      retry: RetryAdvice(mayBeDone: true))
  }

  private func refused(
    _ answer: S3Answer, _ request: S3Request, _ bytes: UnsafeRawBufferPointer, _ name: Name
  ) -> Failure {
    let isDigest = ["BadDigest", "XAmzContentSHA256Mismatch"].contains(answer.error.code)
    if isDigest, ObjectDigest.name(of: bytes) != name {
      return Failure(
        .defect, "an object was to be put with a digest that is not its own", at: client.place(request.key))
    }
    return client.failure(of: answer, "cannot store an object", request)
  }
}
