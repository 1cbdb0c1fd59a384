import Bytes
import Cryptography
import Format
import Pipeline
import Repository
import TestKit
import Testing

@Suite("What is said of snapshots later")
struct AnnotationTests {
  private let fixture: RepositoryFixture
  private let good: Name
  private let bad: Name

  init() throws {
    let fixture = try RepositoryFixture()
    self.fixture = fixture
    good = try fixture.backup(["a": noise(1000, seed: 1)])
    bad = try fixture.backup(["a": noise(1000, seed: 2)], verdict: .quarantined)
  }

  private func accept(_ names: [Name], by key: KeyFile, because reason: String = "it is whole") throws -> ObjectPath {
    let repository = try fixture.open(key)
    let body = Annotation(.accept, of: names, because: reason, tool: "t").body
    return try repository.putSealed(
      .annotation, writer: .zero, body: body, to: try repository.authority.metaRecipients()
    ) { .annotation($0) }
  }

  @Test("a quarantined snapshot that a keeper or restorer accepted is the latest", arguments: [true, false])
  func accepted(byKeeper: Bool) throws {
    #expect(try fixture.history().latest(of: "orders")?.name == good)
    let access = byKeeper ? try fixture.keeper() : try fixture.restorer().meta
    let name = try Annotations.append(Annotation(.accept, of: [bad], because: "it is whole", tool: "t"), in: access)
    let latest = try #require(try fixture.history().latest(of: "orders"))
    #expect(latest.name == bad && latest.isComplete)
    #expect(latest.snapshot.verdict == .quarantined)
    #expect(latest.acceptance?.name == name)
    #expect(latest.acceptance?.role == (byKeeper ? .keeper : .restorer))
    #expect(latest.acceptance?.annotation.reason == "it is whole")
    #expect(try fixture.check().problems.isEmpty)
    #expect(try fixture.check(asKeeper: true).problems.isEmpty)
  }

  @Test("of several acceptances the oldest is told, and a complete snapshot needs none")
  func several() throws {
    let first = try accept([bad, good], by: fixture.keys.keeper, because: "first")
    _ = try accept([bad], by: fixture.keys.restorer, because: "second")
    let history = try fixture.history()
    #expect(history.latest(of: "orders")?.acceptance?.name == first.name)
    #expect(history.snapshots.first { $0.name == good }?.acceptance == nil)
  }

  @Test("a hold accepts nothing")
  func hold() throws {
    _ = try Annotations.append(Annotation(.hold, of: [bad], because: "x", tool: "t"), in: try fixture.keeper())
    #expect(try fixture.history().latest(of: "orders")?.name == good)
    #expect(try fixture.check().problems.isEmpty)
  }

  @Test("a writer can neither accept nor have counted what it planted; a check names it")
  func writer() throws {
    let planted = try accept([bad], by: fixture.keys.writer)
    let history = try fixture.history()
    #expect(history.latest(of: "orders")?.name == good)
    #expect(history.annotations.problems.map(\.path) == [planted])
    #expect(history.annotations.problems.first?.failure.code == .keyUntrusted)
    #expect(try fixture.check().damage.map(\.path) == [planted.path])
    #expect(throws: Failure.self) { try MetaAccess(try fixture.open(fixture.keys.writer), to: "accept") }
  }

  @Test("what a closed key signed does not count any more")
  func closed() throws {
    let keys = try NewAuthority.admit(.keeper, in: try fixture.open(fixture.keys.restorer))
    let annotation = try accept([bad], by: keys)
    #expect(try fixture.history().latest(of: "orders")?.name == bad)
    try NewAuthority.close(keys.signing.publicKey, in: try fixture.open(fixture.keys.restorer))
    #expect(try fixture.history().latest(of: "orders")?.name == good)
    #expect(try fixture.check().damage.map(\.path) == [annotation.path])
  }

  @Test("one of another repository, or a record put in its place, does not count")
  func strangers() throws {
    let other = try RepositoryFixture()
    let name = try other.backup(["a": [1]], verdict: .quarantined)
    _ = try Annotations.append(Annotation(.accept, of: [name, bad], because: "x", tool: "t"), in: try other.keeper())
    let path = try #require(other.store.paths().first { $0.hasPrefix("annotations/") })
    fixture.store[path] = other.store[path]
    let repository = try fixture.restorer().meta.repository
    let body = Annotation(.accept, of: [bad], because: "x", tool: "t").body
    let record = try repository.putSealed(
      .record, writer: .zero, body: body, to: try repository.authority.metaRecipients()
    ) { .annotation($0) }
    #expect(try fixture.history().latest(of: "orders")?.name == good)
    #expect(Set(try fixture.check().damage.map(\.path)) == [path, record.path])
  }

  @Test("one that is damaged anywhere is named, and nothing else is lost", arguments: [0, 20, 200, 300])
  func damaged(_ place: Int) throws {
    let path = try accept([bad], by: fixture.keys.keeper).path
    fixture.store[path]?[place] ^= 1
    #expect(try fixture.history().latest(of: "orders")?.name == good)
    #expect(try fixture.check().damage.map(\.path) == [path])
    fixture.store[path] = Array(fixture.store[path]?.prefix(place) ?? [])
    #expect(try fixture.check().damage.map(\.path) == [path])
    fixture.store[path] = nil
    #expect(try fixture.check().problems.isEmpty)
  }

  @Test("one with an action of a newer version does not count; one that knows a newer authority stops every reader")
  func newer() throws {
    let repository = try fixture.restorer().meta.repository
    let text = String(decoding: Annotation(.accept, of: [bad], because: "x", tool: "t").body, as: UTF8.self)
    let forgive = try repository.putSealed(
      .annotation, writer: .zero, body: Array(text.replacing("\"accept\"", with: "\"forgive\"").utf8),
      to: try repository.authority.metaRecipients()
    ) { .annotation($0) }
    #expect(try fixture.history().latest(of: "orders")?.name == good)
    #expect(try fixture.check().damage.map(\.path) == [forgive.path])
    let header = Envelope.Header(
      kind: .annotation, repository: repository.id, writer: .zero, authority: 99, time: 1)
    let envelope = Envelope.seal(header, body: Array(text.utf8), by: repository.key.signing)
    let sealed = try Age.seal(envelope, to: try repository.authority.metaRecipients())
    let path = ObjectPath.annotation(ObjectDigest.name(of: sealed))
    fixture.store[path.path] = sealed
    #expect { try fixture.history() } throws: { ($0 as? Failure)?.code == .authorityRolledBack }
  }
}
