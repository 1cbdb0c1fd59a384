import Bytes
import Cryptography
import Format
import TestKit
import Testing

/// A JSON body, and reading it.
struct Body: Sendable, CustomTestStringConvertible {
  let testDescription: String
  let bytes: [UInt8]
  let copy: @Sendable ([UInt8]) throws -> [UInt8]

  static let all = [
    Body(testDescription: "statement", bytes: Sample.statement.body) { try AuthorityStatement(body: $0).body },
    Body(testDescription: "enrolment", bytes: Sample.enrolment.body) { try Enrolment(body: $0).body },
    Body(testDescription: "snapshot", bytes: Sample.snapshot.body) { try Snapshot(body: $0).body },
    Body(testDescription: "tombstone", bytes: Sample.tombstone.body) { try Tombstone(body: $0).body },
    Body(testDescription: "record", bytes: Sample.record().body) { try Record(body: $0).body },
  ]

  /// The text without its padding.
  var text: String {
    var text = String(decoding: bytes, as: UTF8.self)
    while text.last == " " { text.removeLast() }
    return text
  }

  /// The same object with another field.
  func adding(_ field: String) -> [UInt8] { Array((text.dropLast() + ",\(field)}").utf8) }
}

@Suite("JSON bodies")
struct JSONBodyTests {
  @Test("come back as they were", arguments: Body.all)
  func roundTrip(body: Body) throws {
    #expect(try body.copy(body.bytes) == body.bytes)
    #expect(Padding.padded(body.bytes.count) == body.bytes.count || body.testDescription == "statement")
  }

  @Test("are refused when cut anywhere", arguments: Body.all)
  func truncation(body: Body) {
    for count in 0..<body.text.utf8.count {
      #expect(code { _ = try body.copy(Array(body.bytes.prefix(count))) } == .damaged, "cut at \(count)")
    }
  }

  @Test("never trap on a mutation", arguments: Body.all)
  func mutations(body: Body) {
    fuzz(seed: 3, count: 1500) { _, random in
      do {
        _ = try body.copy(random.mutation(of: body.bytes))
      } catch {
        let found = (error as? Failure)?.code
        #expect(found == .damaged || found == .unsupportedFormat)
      }
    }
  }

  @Test("that hold a name twice are refused, also where a decoder would drop it", arguments: Body.all)
  func doubled(body: Body) {
    let first = body.text.dropFirst().prefix { $0 != ":" }
    #expect(code { _ = try body.copy(body.adding("\(first):1")) } == .damaged)
    #expect(code { _ = try body.copy(body.adding("\"x\":{\"y\":1,\"z\":[{\"y\":2}],\"y\" \n:3}")) } == .damaged)
    #expect(throws: Never.self) { try body.copy(body.adding("\"x\":{\"y\":1,\"z\":[{\"y\":2},{\"y\":\"y\"}]}")) }
  }

  @Test("that hold a name twice, once spelled with escapes, are refused", arguments: Body.all)
  func doubledWithEscapes(body: Body) {
    #expect(code { _ = try body.copy(body.adding("\"x\":{\"y\":1,\"\\u0079\":2}")) } == .damaged)
  }

  @Test("with an unknown field are read, with an unknown critical one refused", arguments: Body.all)
  func critical(body: Body) {
    #expect(throws: Never.self) { try body.copy(body.adding("\"new\":{\"a\":[1,2.5,null]}")) }
    #expect(throws: Never.self) { try body.copy(body.adding("\"critical\":[]")) }
    #expect(code { _ = try body.copy(body.adding("\"critical\":[\"new\"]")) } == .unsupportedFormat)
    #expect(code { _ = try body.copy(body.adding("\"critical\":\"new\"")) } == .damaged)
  }

  @Test("carry whole numbers beyond 2^53 exactly, and in one spelling")
  func wide() throws {
    #expect(try Snapshot(body: Sample.snapshot.body).started.value == .max)
    #expect(try Record(body: Sample.record().body).dataAge?.value == .max)
    let text = Body.all[2].text
    for spelling in ["\"007\"", "\"+7\"", "\"-1\"", "\"1e3\"", "7", "\"18446744073709551616\"", "\"\""] {
      let changed = text.replacing("\"\(UInt64.max)\"", with: spelling)
      #expect(changed != text)
      #expect(code { _ = try Snapshot(body: Array(changed.utf8)) } == .damaged, "\(spelling)")
    }
  }

  @Test("with a value of the wrong shape are refused")
  func shapes() {
    func refuses(_ body: Body, _ old: String, _ new: String, at place: SourceLocation = #_sourceLocation) {
      let changed = body.text.replacing(old, with: new)
      #expect(changed != body.text, sourceLocation: place)
      #expect(code { _ = try body.copy(Array(changed.utf8)) } != nil, sourceLocation: place)
    }
    let (statement, enrolment, snapshot) = (Body.all[0], Body.all[1], Body.all[2])
    refuses(statement, "\"format\":1", "\"format\":2")
    refuses(statement, "\"epoch\":1", "\"epoch\":2")
    refuses(statement, "\"data\":[\"age1x\"]", "\"data\":[]")
    refuses(statement, "\"number\":0", "\"number\":1")
    refuses(statement, Sample.repository.hex, Sample.repository.hex.uppercased() + "0")
    refuses(enrolment, "\"revision\":3", "\"revision\":0")
    refuses(enrolment, "\"orders\"", "\"Orders\"")
    refuses(enrolment, "\"AQIDBA==\"", "\"AQIDBB==\"")
    refuses(enrolment, "\"AQIDBA==\"", "\"AQIDBA\"")
    refuses(snapshot, "\"component\":\"orders\"", "\"component\":\"../x\"")
    refuses(snapshot, "\"sequence\":7", "\"sequence\":0")
    refuses(snapshot, "\"sequence\":7", "\"sequence\":-7")
    refuses(snapshot, "\"streams\":2", "\"streams\":0")
    refuses(snapshot, "\"level\":1", "\"level\":7")
    refuses(snapshot, "\"quarantined\"", "\"perfect\"")
  }

  @Test("a record that contradicts itself is refused")
  func records() {
    func refuses(_ record: Record, at place: SourceLocation = #_sourceLocation) {
      #expect(code { _ = try Record(body: record.body) } == .damaged, sourceLocation: place)
    }
    func check(_ outcome: Record.Check.Outcome, looksAtData: Bool = true) -> Record.Check {
      Record.Check(name: "c", outcome: outcome, detail: "", looksAtData: looksAtData)
    }
    for outcome in [Record.Check.Outcome.fail, .skipped, .unmeasured] {
      refuses(Sample.record(checks: [check(.pass), check(outcome)]))
      #expect(throws: Never.self) {
        try Record(body: Sample.record(verdict: .inconclusive, checks: [check(outcome)]).body)
      }
    }
    refuses(Sample.record(checks: []))
    refuses(Sample.record(checks: [check(.pass, looksAtData: false)]))
    refuses(Sample.record(phases: [3, 4], ttr: 8))
    refuses(Sample.record(phases: [], ttr: 8))
    refuses(Sample.record(phases: [.max, 9], ttr: 8))
  }
}
