import Bytes
import Command
import Store
import TestKit
import Testing

@Suite("What stores say, to people")
struct StoreVoiceTests {
  private func wait(_ seconds: UInt64, _ reason: String = "busy") -> StoreNotice {
    .waiting(
      StoreNotice.Wait(
        reason: reason, attempt: 1, delay: seconds * 1_000_000_000, budgetLeft: 900_000_000_000))
  }

  @Test("short waits are passed over, however many there are")
  func short() {
    var talk = OutageTalk()
    for round in 0..<100 as Range<UInt64> {
      #expect(talk.hear(wait(1), at: round * 10_000_000_000) == nil)
      #expect(talk.hear(.resumed(after: 1_000_000_000), at: round * 10_000_000_000 + 1_000_000_000) == nil)
    }
    #expect(!talk.hasBegun)
  }

  @Test("a long one is told once when it begins, with the reason, and once when it ends")
  func long() {
    var talk = OutageTalk()
    var told: [String] = []
    for second in 0..<30 as Range<UInt64> {
      if let text = talk.hear(wait(2, "no way"), at: second * 1_000_000_000) { told.append(text) }
    }
    #expect(told == ["waiting for the store, for 15m00s at most: no way"])
    #expect(talk.hasBegun)
    #expect(
      talk.hear(.resumed(after: 31_000_000_000), at: 31_000_000_000) == "the store answers again, after 31.0 s")
    #expect(talk.hear(wait(1), at: 32_000_000_000) == nil)
    #expect(talk.hear(wait(20), at: 33_000_000_000) != nil)
  }

  @Test("objects that came from elsewhere are summed up by where, the first of them named")
  func taken() {
    var tally = StoreTally()
    #expect(tally.warnings.isEmpty && tally.notes.isEmpty)
    for number in 0..<7 { tally.hear(.taken(path: "packs/\(number)", from: "/mnt/copy")) }
    tally.hear(.taken(path: "index/a", from: "an older version"))
    tally.hear(wait(1, "first"))
    tally.hear(wait(1, "the store asks to slow down"))
    tally.hear(.resumed(after: 5))
    #expect(
      tally.warnings == [
        "7 objects were missing or damaged, and taken from /mnt/copy: packs/0, packs/1, packs/2, packs/3, packs/4 and 2 more",
        "1 object was missing or damaged, and taken from an older version: index/a",
      ])
    #expect(tally.notes == ["calls of the store were tried again 2 times, lastly because: the store asks to slow down"])
  }
}

@Suite("A bucket that cannot be reached")
struct UnreachableBucketTests {
  private let folder = TemporaryFolder()
  /// Nobody listens on the discard port.
  private let variables = [
    "AWS_ENDPOINT_URL_S3": "http://127.0.0.1:9", "AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "hunter2",
    "AWS_REGION": "here", "AWS_EC2_METADATA_DISABLED": "true", "HOME": "",
  ]

  private func run(_ arguments: [String], _ more: [String: String] = [:]) throws -> Program.Outcome {
    try Product.run(
      arguments, state: folder.path("state"), environment: variables.merging(more) { $1 }, in: folder.path)
  }

  private func profile(_ store: String) throws {
    let text = """
      component: orders
      repository: s3://bucket/main
      store: {\(store)}
      keys: {keeper: keeper.key, writer: writer.key, restorer: restorer.key}
      source: {kind: stdin}

      """
    try Files.write(folder.path("orders.yaml"), Array(text.utf8))
  }

  @Test("is given up within the time that its profile allows, with status 4, what was tried, and no secret")
  func givenUp() throws {
    try profile("retry-for: 2s")
    let outcome = try run(["init", "--profile", "orders.yaml", "--keys", "keys"])
    #expect(outcome.status == 4, "\(outcome.errors)")
    #expect(outcome.errors.contains("tries"), "\(outcome.errors)")
    #expect(outcome.errors.contains("127.0.0.1:9") || outcome.errors.contains("s3://bucket"), "\(outcome.errors)")
    #expect(!outcome.errors.contains("hunter2"))
    #expect(!Files.exists(folder.path("keys")))
  }

  @Test("says in JSON that it waits, why, and for how long")
  func json() throws {
    try profile("retry-for: 2s")
    let outcome = try run(["init", "--profile", "orders.yaml", "--keys", "keys", "--json"])
    let lines = try Object.lines(outcome.text)
    let waits = lines.filter { $0["type"] == "waiting" }
    #expect(!waits.isEmpty)
    for wait in waits {
      #expect(wait.names.isSuperset(of: ["reason", "attempt", "milliseconds", "budget", "time"]))
      #expect(wait["reason"]?.isEmpty == false)
    }
    #expect(lines.last?["code"] == "store-unavailable")
  }

  @Test("is not tried again where its profile says so, and a limit of a folder means nothing to it")
  func once() throws {
    try profile("retry-for: 0s, endpoint: 'http://127.0.0.1:9'")
    let outcome = try run(
      ["init", "--profile", "orders.yaml", "--keys", "keys", "--json"], ["AWS_ENDPOINT_URL_S3": "http://127.0.0.1:1"])
    #expect(outcome.status == 4)
    #expect(try Object.lines(outcome.text).map { $0["type"] } == ["error"])
    #expect(outcome.text.contains("127.0.0.1"), "\(outcome.text)")
    #expect(!outcome.text.contains("127.0.0.1:1\""))
  }

  @Test("is reached by what its own profile says, never by another repository's")
  func settingsStay() throws {
    try profile("retry-for: 0s, endpoint: 'http://127.0.0.1:9'")
    // The same bucket under another prefix is another repository: its endpoint is the environment's.
    let other = try run(
      ["init", "s3://bucket/other", "--profile", "orders.yaml", "--keys", "keys"],
      ["AWS_ENDPOINT_URL_S3": "not an address"])
    #expect(other.status == 2, "\(other.errors)")
    #expect(other.errors.contains("AWS_ENDPOINT_URL_S3"), "\(other.errors)")
    let same = try run(
      ["init", "s3://bucket/main", "--profile", "orders.yaml", "--keys", "keys"],
      ["AWS_ENDPOINT_URL_S3": "not an address"])
    #expect(same.status == 4, "\(same.errors)")
  }
}
