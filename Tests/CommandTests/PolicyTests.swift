import Bytes
import Glibc
import TestKit
import Testing

@Suite("Policies of buckets")
struct PolicyTests {
  private let folder = TemporaryFolder()
  private let id = "0123456789abcdef0123456789abcdef"

  private func policy(_ arguments: [String]) throws -> Program.Outcome {
    try Product.run(["key", "policy"] + arguments, state: folder.path("state"), in: folder.path)
  }

  @Test("are printed as documents, for people and in JSON, without a look at any store")
  func printed() throws {
    let text = try policy(["--bucket", "s3://backups/main", "--writer", id, "--form", "iam"])
    #expect(text.status == 0, "\(text.errors)")
    #expect(text.text.hasPrefix("{\n  \"Version\": \"2012-10-17\",\n"))
    #expect(text.text.contains("\"arn:aws:s3:::backups/main/writers/\(id)/packs/*\""))
    #expect(!text.text.contains("Principal"))
    let json = try policy([
      "--bucket", "s3://backups/main", "--role", "keeper", "--principal", "arn:aws:iam::1:user/k", "--json",
    ])
    let object = try #require(try Object.lines(json.text).first)
    #expect(object["type"] == "policy" && object["role"] == "keeper" && object["bucket"] == "backups")
    #expect(object["policy"] == "{Statement, Version}")
  }

  @Test(
    "that make no sense are refused with 2",
    arguments: [
      [], ["--bucket", "/srv"], ["--bucket", "s3://backups"], ["--bucket", "s3://b b", "--form", "iam"],
      ["--bucket", "s3://backups", "--writer", "0123", "--form", "iam"],
      ["--bucket", "s3://backups", "--writer", "0123456789abcdef0123456789abcdef"],
      ["--bucket", "s3://backups", "--role", "admin", "--form", "iam"],
      ["--bucket", "s3://backups", "--role", "keeper", "--form", "user"],
      ["--bucket", "s3://backups", "--role", "keeper", "--form", "iam", "--principal", "arn:a"],
      ["--bucket", "s3://backups", "--role", "keeper", "--principal", "*"],
      ["--bucket", "s3://backups", "--role", "keeper", "--principal", "a\"b"],
      ["--bucket", "s3://backups", "--role", "keeper", "--root", "--form", "iam"],
      [
        "--bucket", "s3://backups", "--role", "keeper", "--writer", "0123456789abcdef0123456789abcdef", "--form", "iam",
      ],
      [
        "--bucket", "s3://backups", "--writer", "0123456789abcdef0123456789abcdef", "--writer",
        "1123456789abcdef0123456789abcdef", "--principal", "arn:a",
      ],
    ])
  func refused(arguments: [String]) throws {
    let outcome = try policy(arguments)
    #expect(outcome.status == 2, "\(outcome.text)")
    #expect(outcome.text == "")
  }
}

/// Somebody's rights, tried one by one, past the program.
private struct Probes {
  let bucket: S3Bucket
  let user: S3User

  /// The status of a request as this user.
  func status(
    _ method: String, _ key: String, query: [String: String] = [:], headers: [String: String] = [:],
    body: [UInt8]? = nil
  ) throws -> Int {
    try bucket.server.request(
      method, "/\(bucket.name)\(key.isEmpty ? "" : "/\(key)")", query: query, headers: headers, body: body, as: user
    ).status
  }

  func put(_ key: String, _ headers: [String: String] = [:]) throws -> Int {
    try status("PUT", key, headers: headers, body: Array("canary".utf8))
  }

  func list(_ prefix: String?, _ more: [String: String] = [:]) throws -> Int {
    try status(
      "GET", "", query: ["list-type": "2"].merging(more) { $1 }.merging(prefix.map { ["prefix": $0] } ?? [:]) { $1 })
  }

  /// What nobody may do whose rights come from `key policy`, tried on an object of its own and on the bucket.
  func forbidden(on key: String, version: String) throws -> [String: Int] {
    let retention = Array(
      "<Retention><Mode>GOVERNANCE</Mode><RetainUntilDate>2026-12-01T00:00:00Z</RetainUntilDate></Retention>".utf8)
    let versioning = Array("<VersioningConfiguration><Status>Suspended</Status></VersioningConfiguration>".utf8)
    let bulk = Array("<Delete><Object><Key>\(key)</Key></Object></Delete>".utf8)
    return [
      "delete": try status("DELETE", key),
      "delete a version": try status("DELETE", key, query: ["versionId": version]),
      "delete a version past its lock": try status(
        "DELETE", key, query: ["versionId": version], headers: ["x-amz-bypass-governance-retention": "true"]),
      "set rights": try status("PUT", key, query: ["acl": ""], headers: ["x-amz-acl": "public-read"], body: []),
      "shorten a lock": try status(
        "PUT", key, query: ["retention": ""], headers: ["x-amz-bypass-governance-retention": "true"], body: retention),
      "hold": try status(
        "PUT", key, query: ["legal-hold": ""], body: Array("<LegalHold><Status>ON</Status></LegalHold>".utf8)),
      "suspend versions": try status("PUT", "", query: ["versioning": ""], body: versioning),
      "read the policy": try status("GET", "", query: ["policy": ""]),
      "remove the policy": try status("DELETE", "", query: ["policy": ""]),
      "remove the bucket": try status("DELETE", ""),
      "set a tag": try status(
        "PUT", key, query: ["tagging": ""],
        body: Array("<Tagging><TagSet><Tag><Key>a</Key><Value>b</Value></Tag></TagSet></Tagging>".utf8)),
      "list everything": try list(nil),
      "put beside the repository": try put("beside/canary"),
      "read beside the repository": try status("GET", "beside/owner"),
      "list beside the repository": try list("beside/"),
      "bulk delete, per object": try refusals(of: bulk),
    ]
  }

  /// A bulk delete may answer 200 and tell of each object that it was not deleted.
  private func refusals(of body: [UInt8]) throws -> Int {
    let answer = try bucket.server.request("POST", "/\(bucket.name)", query: ["delete": ""], body: body, as: user)
    return answer.status == 200 && answer.text.contains("AccessDenied") ? 403 : answer.status
  }
}

@Suite("Credentials confined by a printed policy, on Ceph", .serialized)
struct ConfinedTests {
  private let folder = TemporaryFolder()

  private func run(
    _ arguments: [String], on server: S3Server, as user: S3User? = nil, input: [UInt8] = []
  ) throws -> Program.Outcome {
    try Product.run(
      arguments, input: input, state: folder.path("state-\(user?.keyID ?? "owner")"),
      environment: server.variables(as: user).merging(["HOME": ""]) { $1 }, in: folder.path)
  }

  private func key(_ role: String) -> String { folder.path("keys/\(role).key") }

  /// A repository with three backups' worth of rights: a second writer, a keeper, a restorer, each confined.
  private struct World {
    let bucket: S3Bucket
    let writers: [(id: String, key: String, user: S3User)]
    let keeper: S3User
    let restorer: S3User
  }

  private func world(_ server: S3Server) throws -> World {
    let bucket = try S3Bucket(on: server, isVersioned: true, canLock: true)
    let location = bucket.location("main")
    let made = try run(
      ["init", location, "--keys", folder.path("keys"), "--component", "one"], on: server)
    #expect(made.status == 0, "\(made.errors)")
    let second = folder.path("second.key")
    let place = ["--repository", location, "--key", key("keeper")]
    let enrolled = try run(["key", "new", "writer", "--out", second, "--component", "two"] + place, on: server)
    #expect(enrolled.status == 0, "\(enrolled.errors)")
    let listed = try Object.lines(try run(["key", "list", "--json"] + place, on: server).text)
    let ids = try ["one", "two"].map { component in
      try #require(listed.first { $0["components"] == "[\(component)]" }?["writer"])
    }
    try bucket.put("beside/owner", Array("the owner's".utf8))
    let tag = bucket.name.suffix(8)
    let users = try (0..<4).map { try server.user(named: "confined-\(tag)-\($0)") }
    var statements: [String] = []
    for options in [
      ["--writer", ids[0], "--writer", ids[1], "--principal", users[0].principal, "--principal", users[1].principal],
      ["--role", "keeper", "--principal", users[2].principal],
      ["--role", "restorer", "--principal", users[3].principal],
    ] {
      let printed = try run(["key", "policy", "--bucket", location] + options, on: server)
      #expect(printed.status == 0, "\(printed.errors)")
      // What stands between the brackets of "Statement".
      let lines = printed.text.split(separator: "\n", omittingEmptySubsequences: false)
      statements.append(lines.dropFirst(3).dropLast(3).joined(separator: "\n"))
    }
    try bucket.setPolicy(
      "{\"Version\": \"2012-10-17\", \"Statement\": [\n\(statements.joined(separator: ",\n"))\n]}")
    return World(
      bucket: bucket, writers: [(ids[0], key("writer"), users[0]), (ids[1], second, users[1])], keeper: users[2],
      restorer: users[3])
  }

  private func backUp(
    _ bytes: [UInt8], _ component: String, _ writer: (id: String, key: String, user: S3User), _ world: World
  ) throws -> Program.Outcome {
    try run(
      [
        "backup", "--component", component, "--stdin", "--repository", world.bucket.location("main"), "--key",
        writer.key,
      ], on: world.bucket.server, as: writer.user, input: bytes)
  }

  @Test("writers make whole runs, a keeper checks all, a restorer restores and drills")
  func work() throws {
    guard let server = try S3Server.ceph() else { return }
    let world = try world(server)
    var random = RandomSource(seed: 9)
    var dumps = [random.bytes(3_000_000), random.bytes(2_000_000)]
    for round in 0..<3 {
      for (index, component) in ["one", "two"].enumerated() {
        dumps[index].replaceSubrange(round * 1000..<round * 1000 + 100, with: random.bytes(100))
        let backup = try backUp(dumps[index], component, world.writers[index], world)
        #expect(backup.status == 0, "\(component) \(round): \(backup.errors)")
      }
    }
    // A host that has lost all that it remembers reads its index anew.
    TemporaryFolder.remove(folder.path("state-\(world.writers[0].user.keyID)"))
    #expect(try backUp(dumps[0], "one", world.writers[0], world).status == 0)
    let place = ["--repository", world.bucket.location("main"), "--key"]
    let check = try run(["check", "--read-data"] + place + [key("keeper")], on: server, as: world.keeper)
    #expect(check.status == 0, "\(check.errors)\(check.text)")
    let third = try run(
      ["key", "new", "writer", "--out", "third.key", "--component", "three"] + place + [key("keeper")], on: server,
      as: world.keeper)
    #expect(third.status == 0, "\(third.errors)")
    for (component, dump) in zip(["one", "two"], dumps) {
      let read = try run(
        ["dump", "latest", "--component", component] + place + [key("restorer")], on: server, as: world.restorer)
      #expect(read.status == 0 && read.output == dump, "\(read.errors)")
    }
    let drill = """
      drill: comes-back
      component: one
      repository: \(world.bucket.location("main"))
      keys: {restorer: keys/restorer.key}
      checks: [manifest]

      """
    try Files.write(folder.path("drill.yaml"), Array(drill.utf8))
    let drilled = try run(["drill", "drill.yaml"], on: server, as: world.restorer)
    #expect(drilled.status == 0, "\(drilled.errors)\(drilled.text)")
  }

  @Test("a writer is refused all that it does not need, on its own objects as on those of others")
  func writerProbes() throws {
    guard let server = try S3Server.ceph() else { return }
    let world = try world(server)
    let (mine, other) = (world.writers[0], world.writers[1])
    #expect(try backUp(Array("mine".utf8), "one", mine, world).status == 0)
    #expect(try backUp(Array("other".utf8), "two", other, world).status == 0)
    let probes = Probes(bucket: world.bucket, user: mine.user)
    let (own, others) = ("main/writers/\(mine.id)", "main/writers/\(other.id)")
    for kind in ["packs", "index", "snapshots"] { #expect(try probes.put("\(own)/\(kind)/canary") == 200, "\(kind)") }
    for kind in ["packs", "index", "snapshots", "enrolment", "tombstones"] {
      #expect(try probes.list("\(own)/\(kind)/") == 200, "\(kind)")
      #expect(try probes.list("\(others)/\(kind)/") == 403, "\(kind)")
      #expect(try probes.put("\(others)/\(kind)/canary") == 403, "\(kind)")
    }
    #expect(try probes.list("main/authority/") == 200)
    for kind in ["enrolment", "tombstones"] { #expect(try probes.put("\(own)/\(kind)/canary") == 403, "\(kind)") }
    for place in ["main/authority", "main/records", "main/rescue", "main"] {
      #expect(try probes.put("\(place)/canary") == 403, "\(place)")
    }
    let keys = try world.bucket.keys("main/")
    #expect(keys.count > 10)
    for key in keys {
      let isReadable =
        key.hasPrefix("main/authority/") || key.hasPrefix("\(own)/enrolment/") || key.hasPrefix("\(own)/index/")
      for method in ["GET", "HEAD"] {
        #expect(try probes.status(method, key) == (isReadable ? 200 : 403), "\(method) \(key)")
      }
    }
    for prefix in ["main/", "main/writers/", "main/records/", "main/rescue/", ""] {
      #expect(try probes.list(prefix) == 403, "\(prefix)")
      #expect(try probes.list(prefix, ["delimiter": "/"]) == 403, "\(prefix)")
    }
    try expectRefusals(probes, on: "\(own)/packs/canary")
    // Copying is reading: what cannot be read cannot be taken out under another name either.
    let pack = try #require(keys.first { $0.contains("/packs/") && !$0.hasSuffix("canary") })
    #expect(
      try probes.status(
        "PUT", "\(own)/index/copy", headers: ["x-amz-copy-source": "/\(world.bucket.name)/\(pack)"]) == 403)
    // Overwriting is not refused, and harms nothing: what was there is an older version, and out of its reach.
    let version = try #require(try versions(world.bucket, "\(own)/packs/canary").first)
    #expect(try probes.put("\(own)/packs/canary") == 200)
    #expect(try world.bucket.versions(of: "\(own)/packs/canary") == 2)
    #expect(try probes.status("GET", "\(own)/packs/canary", query: ["versionId": version]) == 403)
    #expect(try probes.status("DELETE", "\(own)/packs/canary", query: ["versionId": version]) == 403)
  }

  @Test("a keeper and a restorer are refused all that they do not need")
  func otherProbes() throws {
    guard let server = try S3Server.ceph() else { return }
    let world = try world(server)
    #expect(try backUp(Array("mine".utf8), "one", world.writers[0], world).status == 0)
    for (user, isKeeper) in [(world.keeper, true), (world.restorer, false)] {
      let probes = Probes(bucket: world.bucket, user: user)
      #expect(try probes.list("main/") == 200)
      #expect(try probes.status("GET", "", query: ["versions": "", "prefix": "main/"]) == 200)
      for key in try world.bucket.keys("main/") {
        let version = try #require(try versions(world.bucket, key).first)
        #expect(try probes.status("GET", key) == 200, "\(key)")
        #expect(try probes.status("GET", key, query: ["versionId": version]) == 200, "\(key)")
      }
      #expect(try probes.put("main/records/canary") == 200)
      for place in ["main/authority", "main/writers/\(world.writers[0].id)/packs", "main/rescue"] {
        #expect(try probes.put("\(place)/canary") == (isKeeper ? 200 : 403), "\(place)")
      }
      try expectRefusals(probes, on: "main/records/canary")
    }
  }

  private func expectRefusals(_ probes: Probes, on key: String) throws {
    let before = try versions(probes.bucket, key)
    let version = try #require(before.first)
    for (what, status) in try probes.forbidden(on: key, version: version) { #expect(status == 403, "\(what)") }
    // It is there still, in the version that it had. On Ceph not even the bucket's owner may read what others put.
    #expect(try probes.bucket.keys(key) == [key])
    #expect(try versions(probes.bucket, key) == before)
    #expect(try probes.bucket.get("beside/owner") == Array("the owner's".utf8))
    let answer = try probes.bucket.server.ask("GET", "/\(probes.bucket.name)", query: ["versioning": ""])
    #expect(answer.elements("Status") == ["Enabled"])
  }

  /// The versions of a key, newest first.
  private func versions(_ bucket: S3Bucket, _ key: String) throws -> [String] {
    try bucket.server.ask("GET", "/\(bucket.name)", query: ["versions": "", "prefix": key]).elements("VersionId")
  }
}
