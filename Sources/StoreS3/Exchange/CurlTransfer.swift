import Bytes
import CCurl
import Cryptography
import Glibc
import Pipeline
import Store

/// One exchange under way: what libcurl's callbacks read and write.
///
/// Used by one thread at a time, the one that waits in `CurlHandle.perform`. No callback throws through libcurl: what
/// goes wrong in one is kept in `failure`, and the transfer is ended.
final class CurlTransfer {
  /// How many bytes of a refusal are kept: its document is short, and what is longer is a page for people.
  static let refusalLimit = 1 << 16
  /// The piece in which bytes pass a rate limit.
  private static let piece = 1 << 14

  private let body: UnsafeRawBufferPointer
  private var sent = 0
  private let target: AnswerTarget
  private let stop: StopSignal
  private let uploadLimit: RateLimit?
  private let downloadLimit: RateLimit?

  /// Zero until an answer began.
  private(set) var status = 0
  private(set) var headers = HTTPHeaders()
  /// The answer's head came to its end. libcurl takes a connection that closes in its middle for an end, too.
  private(set) var isHeadWhole = false
  /// What went to memory.
  private(set) var memory: [UInt8] = []
  /// How many bytes went to the target.
  private(set) var received = 0
  private var digest = ObjectDigest()
  private var skipLeft: UInt64?
  /// The target has all that it has room for.
  private(set) var isSatisfied = false
  /// What ended the transfer from our side.
  private(set) var failure: Failure?
  /// How often the request went out: more than once where a connection that had been kept turned out dead.
  private(set) var requests = 0

  init(_ request: WireRequest, target: AnswerTarget, stop: StopSignal) {
    body = request.body
    self.target = target
    self.stop = stop
    uploadLimit = request.uploadLimit
    downloadLimit = request.downloadLimit
  }

  /// The SHA-256 of what came, where the target is a digest.
  var name: Name { digest.finish() }

  /// Whether the answer is about what was asked for, and goes to the target.
  private var isGood: Bool { (200..<300).contains(status) }

  /// Whether the answer said how long its body is; else a broken connection looks like its end.
  var isDelimited: Bool {
    headers["content-length"] != nil || headers["transfer-encoding"]?.lowercased() == "chunked"
  }

  func requestGoesOut() { requests += 1 }

  /// Whether the transfer may go on.
  func goesOn() -> Bool {
    if !stop.isStopped { return true }
    failure = stop.reason
    return false
  }

  // MARK: - Sending

  /// Copies the next bytes of the body to `room`; nil ends the transfer.
  func read(into room: UnsafeMutableRawBufferPointer) -> Int? {
    guard goesOn() else { return nil }
    var count = min(room.count, body.count - sent)
    if uploadLimit != nil { count = min(count, CurlTransfer.piece) }
    guard count > 0 else { return 0 }
    guard pass(count, uploadLimit) else { return nil }
    room.copyMemory(from: UnsafeRawBufferPointer(rebasing: body[sent..<(sent + count)]))
    sent += count
    return count
  }

  /// Goes back to where the body has to be sent again from.
  func seek(to offset: Int) -> Bool {
    guard (0...body.count).contains(offset) else { return false }
    sent = offset
    return true
  }

  // MARK: - Receiving

  /// Takes one line of the answer's head. A status line begins anew: there may be interim answers before the last.
  func takeHeader(_ line: UnsafeRawBufferPointer) {
    let text = String(decoding: line, as: UTF8.self)
    if text.hasPrefix("HTTP/") {
      let words = text.split(separator: " ", maxSplits: 2)
      status = words.count > 1 ? Int(words[1].prefix(3)) ?? 0 : 0
      headers = HTTPHeaders()
      isHeadWhole = false
      return
    }
    if line.first == 0x0d || line.first == 0x0a { isHeadWhole = true }
    guard let colon = text.utf8.firstIndex(of: UInt8(ascii: ":")) else { return }
    let value = text[text.index(after: colon)...]
    headers[String(text[..<colon])] = CurlTransfer.trimmed(value)
  }

  /// Takes the next bytes of the body; false ends the transfer.
  func write(_ bytes: UnsafeRawBufferPointer) -> Bool {
    guard goesOn(), pass(bytes.count, downloadLimit) else { return false }
    guard isGood else {
      memory.append(contentsOf: bytes.prefix(CurlTransfer.refusalLimit - memory.count))
      return true
    }
    switch target {
    case .memory(let limit): return keep(bytes, limit)
    case .buffer(let buffer, let skipping): return fill(buffer, skipping, bytes)
    case .digest:
      digest.update(bytes)
      received += bytes.count
      return true
    }
  }

  private func keep(_ bytes: UnsafeRawBufferPointer, _ limit: Int) -> Bool {
    guard memory.count + bytes.count <= limit else {
      failure = Failure(.storeUnavailable, "an answer is longer than the \(limit) bytes that it may have")
      return false
    }
    memory.append(contentsOf: bytes)
    received += bytes.count
    return true
  }

  private func fill(
    _ buffer: UnsafeMutableRawBufferPointer, _ skipping: UInt64, _ bytes: UnsafeRawBufferPointer
  ) -> Bool {
    // A server that knows no ranges sends the object from its start, and says so with 200 and no Content-Range.
    let isWhole = status == 200 && headers["content-range"] == nil
    let skip = Int(min(skipLeft ?? (isWhole ? skipping : 0), UInt64(bytes.count)))
    skipLeft = (skipLeft ?? (isWhole ? skipping : 0)) - UInt64(skip)
    let count = min(bytes.count - skip, buffer.count - received)
    if count > 0 {
      UnsafeMutableRawBufferPointer(rebasing: buffer[received..<(received + count)])
        .copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[skip..<(skip + count)]))
      received += count
    }
    isSatisfied = skip + count < bytes.count
    return !isSatisfied
  }

  private func pass(_ count: Int, _ limit: RateLimit?) -> Bool {
    guard let limit else { return true }
    do throws(Failure) {
      try limit.take(count, stop: stop)
      return true
    } catch {
      failure = error
      return false
    }
  }

  private static func trimmed(_ value: Substring) -> String {
    let isBlank = { (byte: UInt8) in byte == 0x20 || (0x09...0x0d).contains(byte) }
    let bytes = Array(value.utf8)
    guard let first = bytes.firstIndex(where: { !isBlank($0) }), let last = bytes.lastIndex(where: { !isBlank($0) })
    else { return "" }
    return String(decoding: bytes[first...last], as: UTF8.self)
  }
}

/// What libcurl calls; each gets the transfer as its last pointer.
enum CurlCallbacks {
  static let read: curl_data_function = { room, size, count, pointer in
    guard let room, let transfer = transfer(pointer) else { return Int(CURL_READFUNC_ABORT) }
    let target = UnsafeMutableRawBufferPointer(start: room, count: size * count)
    return transfer.read(into: target) ?? Int(CURL_READFUNC_ABORT)
  }

  static let write: curl_data_function = { bytes, size, count, pointer in
    guard let bytes, let transfer = transfer(pointer) else { return 0 }
    // Anything but the full count ends the transfer.
    return transfer.write(UnsafeRawBufferPointer(start: bytes, count: size * count)) ? size * count : -1
  }

  static let header: curl_data_function = { bytes, size, count, pointer in
    guard let bytes, let transfer = transfer(pointer) else { return 0 }
    transfer.takeHeader(UnsafeRawBufferPointer(start: bytes, count: size * count))
    return size * count
  }

  static let progress: curl_progress_function = { pointer, _, _, _, _ in
    transfer(pointer)?.goesOn() ?? false ? 0 : 1
  }

  static let seek: curl_seek_function = { pointer, offset, origin in
    guard origin == SEEK_SET, let transfer = transfer(pointer), transfer.seek(to: offset) else {
      return CURL_SEEKFUNC_FAIL
    }
    return CURL_SEEKFUNC_OK
  }

  static let beforeRequest: curl_before_request_function = { pointer, _, _, _, _ in
    transfer(pointer)?.requestGoesOut()
    return CURL_PREREQFUNC_OK
  }

  private static func transfer(_ pointer: UnsafeMutableRawPointer?) -> CurlTransfer? {
    pointer.map { Unmanaged<CurlTransfer>.fromOpaque($0).takeUnretainedValue() }
  }
}
