import Profiles
import Testing

@Suite("Units")
struct UnitTests {
  @Test(
    "of time are read",
    arguments: [
      ("90s", 90), ("15m", 900), ("24h", 86_400), ("7d", 604_800), ("2w", 1_209_600), ("1h30m", 5_400), ("0s", 0),
    ])
  func seconds(text: String, expected: Int64) { #expect(Seconds(text)?.count == expected) }

  @Test(
    "of time are refused when misspelt",
    arguments: [
      "", "5", "m", "5 m", "m5", "30m1h", "1h1h", "-5m", "1.5h", "99999999999w", "999999999999999999999s", "5M", "٣s",
    ])
  func badSeconds(text: String) { #expect(Seconds(text) == nil) }

  @Test(
    "of time are spelt so that reading gives the same",
    arguments: [0, 1, 59, 60, 90, 3_600, 86_400, 604_800, 90_061, 3_153_600_000])
  func secondsRoundTrip(count: Int64) { #expect(Seconds(Seconds(count).text)?.count == count) }

  @Test(
    "of time are rounded for people",
    arguments: [
      (0, "0.00 s"), (420_000_000, "0.42 s"), (9_994_000_000, "9.99 s"), (9_996_000_000, "10.0 s"),
      (59_940_000_000, "59.9 s"),
      (59_990_000_000, "1m00s"), (252_000_000_000, "4m12s"), (3_599_900_000_000, "1h00m"),
      (11_100_000_000_000, "3h05m"),
      (200_000_000_000_000, "2d08h"), (-5, "0.00 s"),
    ])
  func roundedSeconds(nanoseconds: Int64, expected: String) {
    #expect(Seconds.rounded(nanoseconds: nanoseconds) == expected)
  }

  @Test(
    "of size are read",
    arguments: [
      ("256KiB", 262_144), ("16MiB", 16_777_216), ("1GB", 1_000_000_000), ("5 kb", 5_000), ("0B", 0), ("1tib", 1 << 40),
    ])
  func bytes(text: String, expected: UInt64) { #expect(ByteCount(text)?.count == expected) }

  @Test(
    "of size are refused when misspelt",
    arguments: ["", "5", "MiB", "5  MiB", "1.5GiB", "-1B", "5XB", "99999999999TiB"])
  func badBytes(text: String) { #expect(ByteCount(text) == nil) }

  @Test(
    "of size are spelt so that reading gives the same",
    arguments: [0, 1, 1000, 1024, 1 << 20, 1_500_000, 12_345, UInt64.max])
  func bytesRoundTrip(count: UInt64) { #expect(ByteCount(ByteCount(count).text)?.count == count) }

  @Test(
    "of size are rounded for people",
    arguments: [
      (0, "0 B"), (999, "999 B"), (1_000, "0.98 KiB"), (1_536, "1.50 KiB"), (10 << 20, "10.0 MiB"),
      (1_523_000_000, "1.42 GiB"),
      (1_048_570, "1.00 MiB"), (1 << 40, "1.00 TiB"), (UInt64.max, "16.0 EiB"),
    ])
  func roundedBytes(count: UInt64, expected: String) { #expect(ByteCount(count).rounded == expected) }

  @Test(
    "of moments are read with their zone",
    arguments: [
      ("1970-01-01T00:00:00Z", 0), ("2026-11-20T03:00:00Z", 1_795_143_600),
      ("2026-11-20 04:00:00+01:00", 1_795_143_600),
      ("2026-11-19T22:30:00.123-0430", 1_795_143_600), ("2000-02-29T12:00:00Z", 951_825_600),
    ])
  func moments(text: String, expected: Int64) { #expect(Moment(text)?.seconds == expected) }

  @Test(
    "of moments are refused when there is no such moment",
    arguments: [
      "", "2026-11-20", "2026-11-20T03:00:00", "2026-02-29T00:00:00Z", "2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z",
      "2026-01-00T00:00:00Z", "2026-01-01T24:00:00Z", "1969-01-01T00:00:00Z", "2026-01-01T00:00:00.Z",
      "2026-01-01T00:00:00Zx",
      "2026-01-01T00:00:00+1", "1900-02-29T00:00:00Z",
    ])
  func badMoments(text: String) { #expect(Moment(text) == nil) }

  @Test("of moments are spelt so that reading gives the same, through all kinds of years")
  func momentsRoundTrip() {
    var seconds: Int64 = 0
    while seconds < 253_402_300_799 {
      let text = Moment(seconds: seconds).text
      #expect(Moment(text)?.seconds == seconds, "\(text)")
      seconds += 40_000_007
    }
    #expect(Moment(seconds: -1).text == "1969-12-31T23:59:59Z")
    #expect(Moment(seconds: .min).text == "1-01-01T00:00:00Z")
    #expect(Moment(seconds: .max).text == "9999-12-31T23:59:59Z")
  }

  @Test("of JSON escape what must be escaped")
  func json() {
    let tree = JSONText.object([
      ("a\"\\\n\u{1}\u{2028}", .list([.text("é"), .integer(9_007_199_254_740_991), .integer(9_007_199_254_740_993)])),
      ("b", .truth(true)), ("c", .nothing), ("d", .object([])),
    ])
    #expect(
      tree.encoded
        == #"{"a\"\\\n\u0001\u2028":["é",9007199254740991,"9007199254740993"],"b":true,"c":null,"d":{}}"#)
  }
}
