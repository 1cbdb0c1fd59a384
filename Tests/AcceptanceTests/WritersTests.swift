import FaultProxy
import Glibc
import TestKit
import Testing

extension Acceptance {
  @Suite("writers with credentials of their own")
  struct WritersTests {
    @Test("eight at once into one bucket: every snapshot restores, and none may do what it need not")
    func eight() throws {
      guard let server = try S3Server.ceph() else { return }
      let scene = try ConfinedWriters(
        in: try S3Bucket(on: server, isVersioned: true), users: try ConfinedWriters.users(8, of: server))
      for day in [1, 2] as [UInt64] {
        let runs = try scene.writers.map { writer in
          let dump = try scene.dump(of: writer, day: day)
          return try scene.cloud.start(Cloud.backup(dump.path, of: writer.component), as: "writer", writer.access)
        }
        for run in runs { #expect(run.wait() == 0, "\(run.output)\(run.errors)") }
        for writer in scene.writers {
          #expect(try scene.cloud.dump(of: writer.component, scene.restorer) == scene.dump(of: writer, day: day).bytes)
        }
      }
      #expect(try scene.cloud.complaints(scene.restorer) == "")
      for writer in scene.writers {
        let refused = writer.proxy.requests.filter { $0.status == 403 }
        #expect(refused.isEmpty, "\(refused.map { "\($0.method) \($0.target)" })")
      }
      try probe(scene)
      // An overwritten object is read all the same: the bucket keeps what was replaced.
      let writer = scene.writers[0]
      for key in try scene.cloud.objects("packs") where key.contains(writer.id) {
        #expect(
          try server.request("PUT", "/\(scene.cloud.bucket.name)/\(key)", body: [1, 2, 3], as: writer.user).status
            == 200)
      }
      #expect(try scene.cloud.dump(of: writer.component, scene.restorer) == scene.dump(of: writer, day: 2).bytes)
    }

    /// A moment long before the lock of a day ends, as S3 writes it.
    private func soon() -> String {
      var (moment, parts) = (time(nil) + 600, tm())
      gmtime_r(&moment, &parts)
      var text = [CChar](repeating: 0, count: 32)
      let length = strftime(&text, text.count, "%Y-%m-%dT%H:%M:%SZ", &parts)
      return String(decoding: text[..<length].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// Tries as one writer all that it may not do.
    private func probe(_ scene: ConfinedWriters) throws {
      let (writer, other) = (scene.writers[0], scene.writers[1])
      let (bucket, server) = (scene.cloud.bucket, scene.cloud.bucket.server)
      let folder = "/\(bucket.name)/\(scene.cloud.prefix)"
      let own = "\(folder)/writers/\(writer.id)"
      let others = "\(folder)/writers/\(other.id)"
      func first(_ kind: String, of writer: ConfinedWriters.Writer) throws -> String {
        "/\(bucket.name)/\(try #require(try scene.cloud.objects(kind).first { $0.contains(writer.id) }))"
      }
      func refused(
        _ method: String, _ path: String, _ query: [String: String] = [:], _ headers: [String: String] = [:],
        _ body: String? = nil
      ) throws {
        let answer = try server.request(
          method, path, query: query, headers: headers, body: body.map { Array($0.utf8) }, as: writer.user)
        #expect(answer.status == 403, "\(method) \(path) \(query) \(headers): \(answer.status) \(answer.text)")
      }
      let name = String(repeating: "0", count: 64)
      for kind in ["packs", "snapshots", "index"] {
        let (mine, theirs) = (try first(kind, of: writer), try first(kind, of: other))
        let version = try bucket.newestVersion(of: String(mine.dropFirst(bucket.name.count + 2)))
        if kind != "index" {
          try refused("GET", mine)
          try refused("HEAD", mine)
          try refused("GET", mine, ["versionId": version])
          try refused("PUT", "\(own)/index/\(name)", [:], ["x-amz-copy-source": mine])
        }
        try refused("GET", theirs)
        try refused("DELETE", mine)
        try refused("DELETE", mine, ["versionId": version])
        try refused("DELETE", theirs)
        try refused("PUT", mine, ["acl": ""], ["x-amz-acl": "public-read"], "")
        try refused("PUT", mine, ["tagging": ""], [:], "<Tagging><TagSet></TagSet></Tagging>")
        try refused("PUT", "\(others)/\(kind)/\(name)", [:], [:], "x")
        try refused("PUT", theirs, [:], [:], "x")
        try refused(
          "GET", "/\(bucket.name)", ["list-type": "2", "prefix": "\(scene.cloud.prefix)/writers/\(other.id)/\(kind)/"])
      }
      for place in [
        "\(own)/tombstones", "\(own)/enrolment", "\(folder)/authority", "\(folder)/records", folder, "/\(bucket.name)",
      ] {
        try refused("PUT", "\(place)/\(name)", [:], [:], "x")
      }
      for prefix in ["", "\(scene.cloud.prefix)/", "\(scene.cloud.prefix)/writers/", "\(scene.cloud.prefix)/records/"] {
        try refused("GET", "/\(bucket.name)", ["list-type": "2", "prefix": prefix])
      }
      try refused(
        "GET", "/\(bucket.name)", ["versions": "", "prefix": "\(scene.cloud.prefix)/writers/\(writer.id)/packs/"])
      try refused("GET", "/\(bucket.name)", ["policy": ""])
      try refused("PUT", "/\(bucket.name)", ["policy": ""], [:], "{}")
      try refused("DELETE", "/\(bucket.name)", ["policy": ""])
      try refused(
        "PUT", "/\(bucket.name)", ["versioning": ""], [:],
        "<VersioningConfiguration><Status>Suspended</Status></VersioningConfiguration>")
      try refused("DELETE", "/\(bucket.name)")
      try refused("DELETE", try first("enrolment", of: writer))
    }

    @Test("the lock of what was stored cannot be shortened by who stored it, nor what is locked be deleted")
    func locks() throws {
      guard let server = try S3Server.ceph() else { return }
      let scene = try ConfinedWriters(
        in: try S3Bucket(on: server, canLock: true), users: try ConfinedWriters.users(1, of: server),
        options: ["--lock"])
      let writer = scene.writers[0]
      let bucket = scene.cloud.bucket
      var access = writer.access
      access.store = ["lock: {mode: governance, days: 1}"]
      let dump = try scene.dump(of: writer, day: 1)
      let run = try scene.cloud.run(Cloud.backup(dump.path, of: writer.component), as: "writer", access)
      #expect(run.status == 0, "\(run.errors)")
      for kind in ["packs", "index", "snapshots"] {
        let key = try #require(try scene.cloud.objects(kind).first)
        let path = "/\(bucket.name)/\(key)"
        let lock = try server.ask("GET", path, query: ["retention": ""])
        #expect(lock.elements("Mode") == ["GOVERNANCE"], "\(kind): \(lock.text)")
        let version = try bucket.newestVersion(of: key)
        let shorter =
          "<Retention><Mode>GOVERNANCE</Mode><RetainUntilDate>2020-01-01T00:00:00Z</RetainUntilDate></Retention>"
        let bypass = ["x-amz-bypass-governance-retention": "true"]
        for headers in [[:], bypass] {
          let shortened = try server.request(
            "PUT", path, query: ["retention": ""], headers: headers, body: Array(shorter.utf8), as: writer.user)
          #expect(shortened.status == 403, "\(shortened.text)")
          let deleted = try server.request(
            "DELETE", path, query: ["versionId": version], headers: headers, as: writer.user)
          #expect(deleted.status == 403, "\(deleted.text)")
        }
        // The owner may not either, but where it says that it means it.
        #expect(try server.request("DELETE", path, query: ["versionId": version]).status == 403)
      }
      #expect(try scene.cloud.dump(of: writer.component, scene.restorer) == dump.bytes)
    }

    @Test("what one asks for does not grow with the number of the others")
    func counts() throws {
      guard let server = try S3Server.ceph() else { return }
      let users = try ConfinedWriters.users(6, of: server)
      var kinds: [[String: Int]] = []
      var received: [UInt64] = []
      for count in [1, 6] {
        let scene = try ConfinedWriters(in: try S3Bucket(on: server), users: Array(users.prefix(count)))
        for writer in scene.writers {
          for day in [1, 2] as [UInt64] where writer.number > 1 || day == 1 {
            #expect(try scene.backUp(writer, day: day).status == 0)
          }
        }
        let first = scene.writers[0]
        first.proxy.forget()
        #expect(try scene.backUp(first, day: 2).status == 0)
        kinds.append(first.kinds)
        received.append(first.proxy.requests.reduce(0) { $0 + $1.received })
      }
      #expect(kinds[0] == kinds[1])
      #expect(kinds[0]["LIST packs", default: 0] > 0 && kinds[0]["PUT packs", default: 0] > 0, "\(kinds[0])")
      // Names of buckets and times differ in answers, but not how many objects they speak of.
      #expect(received[1] <= received[0] + received[0] / 20, "\(received)")
      Files.say("requests of a daily run: \(kinds[1].sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" })")
    }

    @Test("a PUT whose answer is lost, by who may list but not read: found by looking, not sent again")
    func lostAnswers() throws {
      guard let server = try S3Server.ceph() else { return }
      let scene = try ConfinedWriters(in: try S3Bucket(on: server), users: try ConfinedWriters.users(1, of: server))
      let writer = scene.writers[0]
      writer.proxy.play(
        ["packs", "index", "snapshots"].map { ProxyFault(.loseAnswer, on: "PUT", containing: "/\($0)/", count: 1) })
      let run = try scene.backUp(writer, day: 1)
      #expect(run.status == 0, "\(run.text)\(run.errors)")
      #expect(writer.proxy.happened == [1, 1, 1])
      let lost = writer.proxy.requests.filter { $0.fault != nil }.map(\.path)
      #expect(lost.count == 3)
      for path in lost {
        let tries = writer.proxy.requests.filter { $0.path == path }
        // libcurl sends a request again by itself where a connection that it had kept breaks at once. That is refused.
        #expect(tries.filter { $0.method == "PUT" }.dropFirst().allSatisfy { $0.status == 412 }, "\(path)")
        // Looking at the object itself is forbidden; a listing tells its size.
        #expect(tries.contains { $0.method == "HEAD" && $0.status == 403 }, "\(path)")
        let key = path.dropFirst(scene.cloud.bucket.name.count + 2).replacing("/", with: "%2F")
        #expect(writer.proxy.requests.contains { ($0.query("prefix") ?? "") == key && $0.status == 200 }, "\(path)")
      }
      #expect(try scene.cloud.dump(of: writer.component, scene.restorer) == scene.dump(of: writer, day: 1).bytes)
      #expect(try scene.cloud.complaints(scene.restorer) == "")
    }
  }
}
