import Bytes
import Format
import TestKit
import Testing

@Suite("Paths and text")
struct PathTests {
  private static let writer = Sample.writer
  private static let name = Sample.name(1)
  private static let paths: [ObjectPath] = [
    .authority(number: 0, name), .authority(number: 123_456_789, name), .enrolment(writer: writer, name),
    .pack(writer: writer, name), .index(writer: writer, name), .snapshot(writer: writer, name),
    .tombstone(writer: writer, name), .record(name), .annotation(name),
  ]

  @Test("of objects come back", arguments: paths)
  func roundTrip(path: ObjectPath) {
    #expect(ObjectPath(path.path) == path)
    #expect(path.name == PathTests.name)
    #expect(path.limit > 0)
  }

  @Test("spelled in any other way are none", arguments: paths)
  func strictness(path: ObjectPath) {
    let text = path.path
    for other in [
      "/\(text)", "\(text)/", "./\(text)", text.uppercased(), "\(text) ", "\(text)0", String(text.dropLast()),
      text.replacing("/", with: "//"), text.replacing("authority/", with: "authority/0"), "x\(text)", "",
      text.replacing("writers", with: "writer"), "\(text)\0",
    ] where other != text {
      #expect(ObjectPath(other) == nil, "\(other)")
    }
    fuzz(seed: 9, count: 300) { _, random in
      let mutated = String(decoding: random.mutation(of: Array(text.utf8)), as: UTF8.self)
      if let found = ObjectPath(mutated) { #expect(found.path == mutated) }
    }
  }

  @Test("of a pack in the wrong two digits is none")
  func fanOut() {
    let path = ObjectPath.pack(writer: PathTests.writer, PathTests.name).path
    let digits = PathTests.name.hex.prefix(2)
    #expect(ObjectPath(path.replacing("/\(digits)/", with: "/\(digits == "00" ? "01" : "00")/")) == nil)
  }

  @Test(
    "from anywhere is safe to print",
    arguments: [
      (Array("orders ü 船".utf8), "orders ü 船"), (Array("a\u{1b}[31mb".utf8), "a\\x1b[31mb"), ([0x61, 0xff], "a\\xff"),
      (Array("a\nb\\".utf8), "a\\x0ab\\x5c"), (Array("\u{9b}".utf8), "\\xc2\\x9b"), ([], ""), ([0x7f], "\\x7f"),
    ] as [([UInt8], String)])
  func display(bytes: [UInt8], text: String) {
    #expect(DisplayText.of(bytes) == text)
  }

  @Test("never let a direction mark or line separator through to a terminal")
  func bidirectional() {
    for scalar in ["\u{202e}", "\u{2066}", "\u{2028}", "\u{200f}"] {
      #expect(!DisplayText.of(Array("a\(scalar)b".utf8)).unicodeScalars.contains(Unicode.Scalar(scalar)!))
    }
  }

  @Test(
    "components are 1 to 64 of a-z, 0-9 and -",
    arguments: [
      ("orders", true), ("a-1", true), ("", false), ("Orders", false), ("a_b", false), ("a/b", false), ("ü", false),
      (String(repeating: "a", count: 64), true), (String(repeating: "a", count: 65), false), ("*", false),
    ])
  func components(name: String, isGood: Bool) {
    #expect(Limits.isComponentName(name) == isGood)
  }

  @Test("of the rescue kit hold its digests")
  func rescue() {
    #expect(RescueKit.files.count == 2)
    #expect(RescueKit.files.allSatisfy { $0.path.contains(RescueKit.digests.reader.hex) && !$0.bytes.isEmpty })
  }
}
