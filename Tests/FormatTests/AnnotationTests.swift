import Bytes
import Format
import TestKit
import Testing

@Suite("Annotations")
struct AnnotationTests {
  private static let sample = Annotation(
    .accept, of: [Sample.name(1), Sample.name(2)], because: "the archive was split off, ü", tool: "lifeboat 1")

  @Test("come back as they were", arguments: Annotation.Action.allCases)
  func roundTrip(_ action: Annotation.Action) throws {
    let annotation = Annotation(action, of: [Sample.name(1)], because: "why", tool: "t")
    #expect(try Annotation(body: annotation.body) == annotation)
    #expect(try Annotation(body: AnnotationTests.sample.body) == AnnotationTests.sample)
  }

  @Test("of an action that is not known are refused as newer, not as damaged")
  func unknown() {
    let text = String(decoding: AnnotationTests.sample.body, as: UTF8.self)
    let body = Array(text.replacing("\"accept\"", with: "\"forgive\"").utf8)
    #expect { try Annotation(body: body) } throws: { ($0 as? Failure)?.code == .unsupportedFormat }
  }

  @Test(
    "without a snapshot, a reason or a field are refused",
    arguments: [
      #"{"action":"accept","snapshots":[],"reason":"x","tool":"t"}"#,
      #"{"action":"accept","snapshots":["00"],"reason":"x","tool":"t"}"#,
      #"{"action":"accept","reason":"x","tool":"t"}"#, #"{"snapshots":[],"reason":"x","tool":"t"}"#, "", "{}", "null",
      #"{"action":"accept","snapshots":["\#(Sample.name(1).hex)"],"reason":" \n","tool":"t"}"#,
      #"{"action":"accept","snapshots":["\#(Sample.name(1).hex)"],"tool":"t"}"#,
      #"{"action":"accept","action":"accept","snapshots":["\#(Sample.name(1).hex)"],"reason":"x","tool":"t"}"#,
      #"{"critical":["x"],"action":"accept","snapshots":["\#(Sample.name(1).hex)"],"reason":"x","tool":"t"}"#,
      #"{"action":"accept","snapshots":["\#(Sample.name(1).hex)"],"reason":"\#(String(repeating: "x", count: 4097))","tool":"t"}"#,
    ])
  func refused(_ text: String) {
    #expect(throws: Failure.self) { try Annotation(body: Array(text.utf8)) }
  }

  @Test("cut or changed anywhere are refused, or say something that is well formed")
  func spoiled() {
    let body = AnnotationTests.sample.body
    for end in body.indices {
      guard let short = try? Annotation(body: Array(body[..<end])) else { continue }
      #expect(short == AnnotationTests.sample, "only padding may be cut")
    }
    fuzz(seed: 11, count: 3000) { _, random in
      if let found = try? Annotation(body: random.mutation(of: body)) {
        #expect(Annotation.isReason(found.reason) && !found.snapshots.isEmpty)
      }
    }
  }
}
