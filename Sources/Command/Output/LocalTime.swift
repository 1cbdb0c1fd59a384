import Glibc
import Profiles

/// Times of day as people read and write them, in the zone of this process.
enum LocalTime {
  /// `2026-11-20 03:00:00`.
  static func text(_ nanoseconds: UInt64) -> String {
    var seconds = time_t(nanoseconds / 1_000_000_000)
    var fields = tm()
    tzset()
    guard localtime_r(&seconds, &fields) != nil else { return Moment(seconds: Int64(seconds)).text }
    var buffer = [CChar](repeating: 0, count: 32)
    let count = strftime(&buffer, buffer.count, "%Y-%m-%d %H:%M:%S", &fields)
    return String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  /// Reads RFC 3339, or a time without a zone (seconds may be missing), which is then meant in the local one.
  static func moment(_ text: String) -> Moment? {
    if let moment = Moment(text) { return moment }
    let isShort = text.utf8.count == "2026-11-20 03:00".utf8.count
    guard let fields = Moment(isShort ? "\(text):00" : text, assumingUTC: true) else { return nil }
    var seconds = time_t(fields.seconds)
    var local = tm()
    tzset()
    guard gmtime_r(&seconds, &local) != nil else { return nil }
    local.tm_isdst = -1
    return Moment(seconds: Int64(mktime(&local)))
  }
}
