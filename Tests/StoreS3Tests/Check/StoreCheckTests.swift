import Bytes
import Pipeline
import StoreS3
import TestKit
import Testing

@Suite("A check of a store, on servers")
struct StoreCheckTests {
  private func check(
    _ bucket: S3Bucket, as user: S3User? = nil, prefix: String = "repo",
    _ change: (inout StoreCheckRequest) -> Void = { _ in }
  ) throws -> StoreCheckReport {
    var variables = bucket.server.variables(as: user)
    variables["AWS_CONFIG_FILE"] = "/nowhere"
    variables["AWS_SHARED_CREDENTIALS_FILE"] = "/nowhere"
    let stop = StopSignal()
    let (settings, credentials) = try S3Environment(variables: variables).resolve(
      bucket: bucket.name, prefix: prefix, stop: stop)
    var request = StoreCheckRequest()
    request.isQuick = true
    request.lockSeconds = 6
    change(&request)
    return try StoreCheck.run(
      settings, credentials: credentials, request, stop: stop, notices: { _ in }, onStep: { _ in })
  }

  private func result(_ report: StoreCheckReport, _ name: String) -> StoreFinding.Result? {
    report.findings.first { $0.name == name }?.result
  }

  @Test("Ceph without versions: everything is strict, and nothing is left behind")
  func plain() throws {
    guard let server = try S3Server.ceph() else { return }
    let bucket = try S3Bucket(on: server)
    try bucket.put("repo/authority/x", [1])
    let report = try check(bucket) { request in (request.isQuick, request.keys) = (false, 1050) }
    let facts = report.facts
    #expect(facts.readsAfterPut == true)
    #expect(facts.listsAfterPut == true)
    #expect(facts.listsEverything == true)
    #expect(facts.readsRanges == true)
    #expect(facts.checksDigest == true)
    #expect(facts.checksMD5 == true)
    #expect(facts.refusesReplacing == true)
    #expect(facts.raceWinners == 1)
    #expect(facts.keepsVersions == false)
    #expect(facts.locks == false)
    #expect(facts.mayOverwrite == true)
    #expect(facts.mayDelete == true)
    #expect(report.rates.count == 8)
    #expect(report.rates.allSatisfy { $0.nanoseconds > 0 && $0.median > 0 && $0.throughput > 0 })
    #expect(report.source == "the environment")
    #expect(report.left == 0)
    #expect(try bucket.keys() == ["repo/authority/x"])
    #expect(report.verdicts.allSatisfy { $0.weight != .unfit })
  }

  @Test("Ceph with locks: held against deletion, bypassed by the owner, and the canaries go when their locks end")
  func locked() throws {
    guard let server = try S3Server.ceph() else { return }
    let bucket = try S3Bucket(on: server, canLock: true)
    let facts = try check(bucket).facts
    #expect(facts.keepsVersions == true)
    #expect(facts.locks == true)
    #expect(facts.complianceHolds == true)
    #expect(facts.mayShorten == false)
    #expect(facts.mayBypass == true)
    #expect(facts.mayDeleteVersions == true)
    let answer = try server.request("GET", "/\(bucket.name)", query: ["versions": ""])
    #expect(answer.elements("Key").isEmpty)
  }

  @Test("credentials that may put alone: what they may not is found denied, what they leave is counted")
  func confined() throws {
    guard let server = try S3Server.ceph() else { return }
    let bucket = try S3Bucket(on: server, isVersioned: true)
    let user = try server.user(named: "check")
    let identifier = Identifier.random()
    try bucket.setPolicy(
      """
      {"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":["\(user.principal)"]},\
      "Action":["s3:PutObject"],"Resource":["arn:aws:s3:::\(bucket.name)/repo/writers/\(identifier.hex)/packs/*"]},\
      {"Effect":"Deny","Principal":{"AWS":["\(user.principal)"]},"Action":["s3:GetObject"],\
      "Resource":["arn:aws:s3:::\(bucket.name)","arn:aws:s3:::\(bucket.name)/*"]}]}
      """)
    let elsewhere = try check(bucket, as: user)
    #expect(elsewhere.facts.mayPut == false)
    #expect(elsewhere.left == 0)
    let report = try check(bucket, as: user) { $0.folder = StoreCheckRequest.folder(ofWriter: identifier) }
    let facts = report.facts
    #expect(facts.mayPut == true)
    #expect(facts.mayGet == false)
    // The one who puts owns the object on Ceph, and what is not denied by name is allowed to the owner.
    #expect(facts.mayGetVersions == true)
    #expect(facts.mayChangeAccess == true)
    #expect(report.verdicts.contains { $0.weight == .warning && $0.text.contains("GetObjectVersion") })
    #expect(facts.mayList == false)
    #expect(facts.mayDelete == false)
    #expect(facts.mayDeleteVersions == false)
    #expect(facts.keepsVersions == true)
    #expect(report.left > 0)
    #expect(report.verdicts.contains { $0.weight == .good && $0.text.contains("cannot destroy") })
    try bucket.setPolicy(
      """
      {"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":["\(user.principal)"]},\
      "Action":["s3:PutObject"],"Resource":["arn:aws:s3:::\(bucket.name)/repo/writers/\(identifier.hex)/packs/*"]},\
      {"Effect":"Deny","Principal":{"AWS":["\(user.principal)"]},"Action":["s3:GetObject","s3:GetObjectVersion",\
      "s3:PutObjectAcl"],"Resource":["arn:aws:s3:::\(bucket.name)/*"]}]}
      """)
    let strict = try check(bucket, as: user) { $0.folder = StoreCheckRequest.folder(ofWriter: identifier) }.facts
    #expect(strict.mayGetVersions == false)
    #expect(strict.mayChangeAccess == false)
    let keys = try bucket.keys()
    #expect(!keys.isEmpty)
    #expect(keys.allSatisfy { $0.hasPrefix("repo/writers/\(identifier.hex)/packs/canary/") })
  }

  @Test("rclone: what it does not do is found missing")
  func rclone() throws {
    guard let server = try S3Server.rclone() else { return }
    let bucket = try S3Bucket(on: server)
    let report = try check(bucket)
    #expect(report.facts.checksDigest == false)
    #expect(report.facts.checksMD5 == true)
    #expect(report.facts.refusesReplacing == false)
    #expect(report.facts.readsRanges == true)
    #expect(report.left == 0)
    #expect(result(report, "a listing of many objects shows each once") == .untried)
    #expect(report.verdicts.contains { $0.weight == .warning && $0.text.contains("replaces objects") })
  }

  @Test("no bucket, keys that nobody knows, nobody there: said, and not taken for a finding")
  func failing() throws {
    guard let server = try S3Server.ceph() else { return }
    let bucket = try S3Bucket(on: server)
    let stranger = S3User(keyID: "NOBODY", secret: "x")
    #expect(code { _ = try check(bucket, as: stranger) } == .storeDenied)
    let stop = StopSignal()
    stop.stop(because: Failure(.interrupted, "stopped"))
    let (settings, credentials) = try S3Environment(variables: server.variables()).resolve(
      bucket: "no-such-bucket-\(bucket.name)", prefix: "", stop: StopSignal())
    #expect(
      code {
        _ = try StoreCheck.run(
          settings, credentials: credentials, stop: StopSignal(), notices: { _ in }, onStep: { _ in })
      } == .storeMissing)
    #expect(
      code {
        _ = try StoreCheck.run(settings, credentials: credentials, stop: stop, notices: { _ in }, onStep: { _ in })
      } == .interrupted)
  }
}
