import Bytes
import Cryptography
import Format
import Pipeline
import Repository
import Store
import TestKit
import Testing

@Suite("The chain of authority")
struct AuthorityTests {
  private let fixture: RepositoryFixture
  private let keeper: KeyFile

  init() throws {
    fixture = try RepositoryFixture()
    keeper = try NewAuthority.admit(.keeper, in: try fixture.open(fixture.keys.restorer))
  }

  private var statements: [String] { fixture.store.paths("authority/") }

  @Test("a new keeper's key works, and its enrolments count")
  func admits() throws {
    let writer = try NewWriter.enrol(in: try fixture.open(keeper), components: ["wiki"], label: "web")
    let name = try fixture.backup(["a": [1]], by: writer, component: "wiki")
    #expect(try fixture.restore(name) == ["a": [1]])
    #expect(try fixture.open(fixture.keys.keeper).authority.statement.number == 1)
  }

  @Test("a hidden newest statement is refused by whoever saw it, and by whoever meets an object that knows it")
  func hiddenNewest() throws {
    try fixture.backup(["a": [1]])
    let host = try fixture.otherHost()
    _ = try fixture.open(fixture.keys.restorer, state: host)
    let before = try fixture.open(fixture.keys.keeper)
    #expect(before.authority.statement.number == 1)
    fixture.store[statements[1]] = nil
    #expect(code { _ = try fixture.open(keeper) } == .authorityRolledBack)
    #expect(code { _ = try fixture.open(fixture.keys.restorer, state: host) } == .authorityRolledBack)
    // The snapshot was signed under statement 1: a fresh host sees that something is hidden.
    #expect(code { _ = try fixture.history() } == .authorityRolledBack)
  }

  @Test("a gap, a double, another root and another genesis are refused")
  func chain() throws {
    func refuses(_ codes: Set<Failure.Code>, _ change: (MemoryStore) throws -> Void) throws {
      let copy = try fixture.copy()
      try change(copy.store)
      let found = code { _ = try copy.open(keeper) }
      #expect(found.map { codes.contains($0) } == true, "\(String(describing: found))")
    }
    try refuses([.damaged]) { $0[statements[0]] = nil }
    try refuses([.storeMissing]) { for path in statements { $0[path] = nil } }
    let restorer = try fixture.open(fixture.keys.restorer)
    var statement = restorer.authority.statement
    try refuses([.damaged]) { try put(statement, by: fixture.keys.restorer.rootKey ?? SigningKey(), in: $0) }
    statement.number = 2
    statement.previous = restorer.authority.head
    try refuses([.keyUntrusted]) { try put(statement, by: SigningKey(), in: $0) }
    try refuses([.keyUntrusted]) { try put(statement, by: fixture.keys.keeper.signing, in: $0) }
    statement.previous = Name.zero
    try refuses([.damaged]) { try put(statement, by: fixture.keys.restorer.rootKey ?? SigningKey(), in: $0) }
  }

  @Test("recipients that somebody swapped in a new statement are never sealed to")
  func swappedRecipients() throws {
    let restorer = try fixture.open(fixture.keys.restorer)
    var statement = restorer.authority.statement
    statement.number = 2
    statement.previous = restorer.authority.head
    let thief = X25519Identity().recipient.text
    statement.epochs.append(Epoch(epoch: 2, data: [thief], meta: [thief]))
    try put(statement, by: fixture.keys.keeper.signing, in: fixture.store)
    #expect(code { try fixture.backup(["a": [1]]) } == .keyUntrusted)
    #expect(fixture.store.paths("writers/").filter { !$0.contains("/enrolment/") }.isEmpty)
  }

  @Test("a pinned statement that differs is refused")
  func pin() throws {
    var key = fixture.keys.keeper
    key.authority = KeyFile.Pin(number: 0, statement: Name.zero)
    #expect(code { _ = try fixture.open(key) } == .keyUntrusted)
    let stranger = try RepositoryFixture()
    #expect(code { _ = try OpenRepository(fixture.store, key: stranger.keys.keeper, state: nil) } == .keyUntrusted)
  }

  private func put(_ statement: AuthorityStatement, by key: SigningKey, in store: MemoryStore) throws {
    let header = Envelope.Header(
      kind: .authority, repository: statement.repository, writer: .zero, authority: statement.number,
      time: WallClock.now())
    let bytes = Envelope.seal(header, body: statement.body, by: key)
    let path = ObjectPath.authority(number: statement.number, ObjectDigest.name(of: bytes)).path
    try store.put(try StorePath(checking: path), bytes)
  }
}
