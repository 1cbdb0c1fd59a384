import FaultProxy
import Glibc
import TestKit
import Testing

extension Acceptance {
  @Suite("a store with troubles")
  struct OutageTests {
    private static let waiting = #""type":"waiting""#
    private static let resumed = #""type":"resumed""#

    /// A repository, its dump of several packs, and a proxy on the way to it.
    private struct Scene {
      let cloud: Cloud
      let dump: (path: String, bytes: [UInt8])
      let proxy: FaultProxy

      init(_ server: S3Server, mebibytes: Int = 50) throws {
        cloud = try Cloud(in: try S3Bucket(on: server))
        dump = try cloud.file("dump", (3, mebibytes << 20))
        proxy = try FaultProxy(before: server.port)
      }

      var access: Cloud.Access { Cloud.Access(endpoint: proxy.endpoint) }

      /// A backup, whose packs are put, or a restore, which gets them.
      func start(_ method: String) throws -> RunningProgram {
        method == "PUT" ? try startBackup() : try startRestore(to: "back")
      }

      func startBackup() throws -> RunningProgram {
        try cloud.start(Cloud.backup(dump.path), as: "writer", access)
      }

      func startRestore(to name: String) throws -> RunningProgram {
        try cloud.start(["restore", "orders", "--json", "--to", cloud.folder.path(name)], as: "restorer", access)
      }

      /// What came by, for who has to find out why a fault was not met.
      var sizes: [String] {
        proxy.requests.map { "\($0.method) \($0.target.suffix(20)) \($0.status) \($0.sent) \($0.received)" }
      }

      func restored(_ name: String) throws -> [UInt8] { try Files.read(cloud.folder.path("\(name)/dump")) }
    }

    /// Ends a run that had to wait, and looks at what it said.
    private func finish(_ run: RunningProgram, _ what: Comment) {
      #expect(run.wait() == 0, "\(what): \(run.output)\(run.errors)")
      #expect(run.output.contains(OutageTests.waiting), what)
      #expect(run.output.contains(OutageTests.resumed), what)
    }

    @Test("radosgw killed in the middle of a backup and of a restore, and started again")
    func killedServer() throws {
      guard let server = try S3Server.ceph() else { return }
      let scene = try Scene(server)
      let front = try S3Front(of: server, named: "outage")
      scene.proxy.setUpstream(front.server.port)
      for method in ["PUT", "GET"] {
        // All from the second on: while others are answered there is no outage that could end.
        scene.proxy.play([ProxyFault(.hold(600_000_000_000), on: method, containing: "/packs/", first: 2, count: 1000)])
        let run = try scene.start(method)
        try eventually("packs are on their way: \(run.errors)") { scene.proxy.happened.allSatisfy { $0 > 0 } }
        try front.kill()
        scene.proxy.play([])
        scene.proxy.resetAll()
        try eventually("the run waits: \(run.errors)") { run.output.contains(OutageTests.waiting) || run.hasEnded }
        try front.restart()
        finish(run, "\(method)")
      }
      #expect(try scene.restored("back") == scene.dump.bytes)
      #expect(try scene.cloud.complaints() == "")
    }

    @Test("requests that hang")
    func hangingRequests() throws {
      guard let server = try S3Server.ceph() else { return }
      let scene = try Scene(server)
      // The longest silence that is borne is 60 s.
      let time: UInt64 = Product.isLong ? 90_000_000_000 : 2_000_000_000
      for method in ["PUT", "GET"] {
        scene.proxy.play([
          ProxyFault(.hold(time), on: method, containing: "/packs/", first: 2, count: 1),
          ProxyFault(.holdAnswer(time), containing: "list-type", first: 2, count: 1),
          ProxyFault(.stallDownload(after: 100, time), on: "GET", containing: "/packs/", first: 6, count: 1),
          ProxyFault(.stallUpload(after: 1_000_000, time), on: "PUT", containing: "/packs/", first: 1, count: 1),
        ])
        let run = try scene.start(method)
        #expect(run.wait() == 0, "\(method): \(run.errors)")
        #expect(scene.proxy.happened.reduce(0, +) == 3, "\(method) \(scene.proxy.happened) \(scene.sizes)")
        if Product.isLong { #expect(run.output.contains(OutageTests.waiting)) }
      }
      #expect(try scene.restored("back") == scene.dump.bytes)
    }

    @Test("a fifth of the requests answered with 503")
    func throttled() throws {
      guard let server = try S3Server.ceph() else { return }
      let scene = try Scene(server, mebibytes: 100)
      scene.proxy.play([ProxyFault(.answer(.slowDown()), probability: 0.2)])
      finish(try scene.startBackup(), "backup")
      finish(try scene.startRestore(to: "back"), "restore")
      #expect(scene.proxy.requests.count { $0.status == 503 } > 3)
      #expect(try scene.restored("back") == scene.dump.bytes)
      #expect(try scene.cloud.complaints(scene.access) == "")
    }

    @Test("connections that break in bodies, answers that end too early, bits that flip on the way: never damage")
    func brokenTransfers() throws {
      guard let server = try S3Server.ceph() else { return }
      let scene = try Scene(server)
      scene.proxy.play([
        ProxyFault(.resetUpload(after: 3_000_000), on: "PUT", containing: "/packs/", first: 1, count: 1),
        ProxyFault(.flipUpload(at: 1_000_000), on: "PUT", containing: "/packs/", first: 3, count: 1),
        ProxyFault(.reset, on: "PUT", containing: "/index/", count: 1),
      ])
      finish(try scene.startBackup(), "backup")
      #expect(scene.proxy.happened == [1, 1, 1])
      scene.proxy.play([
        ProxyFault(.resetDownload(after: 100_000), on: "GET", containing: "/packs/", first: 6, count: 1),
        ProxyFault(.truncateDownload(after: 100_000), on: "GET", containing: "/packs/", first: 9, count: 1),
        ProxyFault(.truncateDownload(after: 30), on: "GET", containing: "list-type", first: 2, count: 1),
        ProxyFault(.flipDownload(at: 100_000), on: "GET", containing: "/packs/", first: 12, count: 1),
      ])
      let restore = try scene.startRestore(to: "back")
      #expect(restore.wait() <= 1, "\(restore.output)\(restore.errors)")
      #expect(restore.output.contains(OutageTests.waiting))
      #expect(scene.proxy.happened == [1, 1, 1, 1], "\(scene.sizes)")
      #expect(try scene.restored("back") == scene.dump.bytes)
      scene.proxy.play([])
      #expect(try scene.cloud.complaints(scene.access) == "")
    }

    @Test("gone for good: a clear error once the budget is spent, and the next run uses what was stored")
    func goneForGood() throws {
      guard let server = try S3Server.ceph() else { return }
      let scene = try Scene(server, mebibytes: 1)
      let bytes = 14 << 24
      let dump = [
        "/bin/sh", "-c", "openssl enc -aes-128-ctr -nosalt -K 00 -iv 00 </dev/zero 2>/dev/null | head -c \(bytes)",
      ]
      let words = ["backup", "--component", "orders", "--json", "--threads", "2", "--"] + dump
      var access = scene.access
      access.store = ["retry-for: 3s"]
      scene.proxy.play([ProxyFault(.hold(600_000_000_000), on: "PUT", containing: "/packs/", first: 10, count: 1)])
      let run = try scene.cloud.start(words, as: "writer", access)
      try eventually("pack 10 is on its way: \(run.errors)", seconds: 600) {
        scene.proxy.happened == [1] || run.hasEnded
      }
      scene.proxy.refuse()
      #expect(run.wait() == 4, "\(run.errors)")
      let said = "\(run.output)\(run.errors)"
      #expect(said.contains(OutageTests.waiting) && said.contains("store-unavailable"), "\(said)")
      #expect(said.contains(scene.cloud.bucket.name) && !said.contains("damage"), "\(said)")
      #expect(try scene.cloud.snapshots().isEmpty)
      #expect(try scene.cloud.objects("packs").count >= 6)
      try scene.proxy.allow()
      scene.proxy.play([])
      let next = try scene.cloud.run(words, as: "writer", access)
      #expect(next.status == 0, "\(next.errors)")
      let new = try #require(number("newBytes", in: next.text))
      #expect(new < bytes - 6 << 24, "\(new) bytes again")
      let expected = try Program.run(dump.dropLast() + ["(\(dump[2])) | sha256sum"])
      let back = try scene.cloud.run(["dump", "latest", "--component", "orders"], as: "restorer", into: "sha256sum")
      #expect(back.status == 0 && back.text == expected.text, "\(back.errors)")
    }
  }
}
