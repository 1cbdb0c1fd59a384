import TestKit
import Testing

extension Acceptance {
  @Suite("a flipped bit in the bucket")
  struct DamageTests {
    /// The kinds of objects, by what their keys contain.
    private static let kinds = [
      "/authority/", "/enrolment/", "/packs/", "/index/", "/snapshots/", "/rescue/",
    ]

    /// A repository with two snapshots, and what they hold.
    private func scene(_ server: S3Server, isVersioned: Bool) throws -> (Cloud, [String: [UInt8]]) {
      let cloud = try Cloud(in: try S3Bucket(on: server, isVersioned: isVersioned))
      var dumps: [String: [UInt8]] = [:]
      for seed in [1, 2] as [UInt64] {
        let dump = try cloud.file("dump-\(seed)", (7, 1 << 20), (seed, 1 << 20))
        try cloud.backUp(dump.path)
        for name in try cloud.snapshots() where dumps[name] == nil { dumps[name] = dump.bytes }
      }
      #expect(dumps.count == 2)
      return (cloud, dumps)
    }

    @Test("is found and named, and no wrong byte comes back", arguments: kinds)
    func found(kind: String) throws {
      guard let server = try S3Server.ceph() else { return }
      let (cloud, dumps) = try scene(server, isVersioned: false)
      let keys = try cloud.bucket.keys(cloud.prefix).filter { $0.contains(kind) }
      #expect(!keys.isEmpty)
      for key in keys {
        let bytes = try #require(try cloud.bucket.get(key))
        for place in [0, bytes.count / 2, bytes.count - 1] {
          try cloud.bucket.flip(key, at: place)
          let check = try cloud.run(["check", "--read-data", "--json"], as: "restorer")
          #expect(check.status == 6 || check.status == 5, "\(key) at \(place): \(check.status)")
          let path = key.dropFirst(cloud.prefix.count + 1)
          #expect("\(check.text)\(check.errors)".contains(path), "\(key) at \(place): \(check.text)\(check.errors)")
          for (name, dump) in dumps {
            let back = try cloud.run(["dump", name], as: "restorer")
            // All of it, or an error behind bytes that are right so far.
            #expect(back.status > 1 || back.output == dump, "\(key) at \(place)")
            #expect(dump.starts(with: back.output), "\(key) at \(place)")
          }
          try cloud.bucket.put(key, bytes)
        }
      }
      #expect(try cloud.complaints() == "")
    }

    @Test(
      "costs nothing where the bucket keeps what is replaced: an older version is read, and named", arguments: kinds)
    func healed(kind: String) throws {
      guard let server = try S3Server.ceph() else { return }
      let (cloud, dumps) = try scene(server, isVersioned: true)
      for key in try cloud.bucket.keys(cloud.prefix) where key.contains(kind) {
        // Of a pack, a byte of a blob: a restore need not read its end.
        try cloud.bucket.flip(key, at: kind == "/packs/" ? 5000 : -1)
        #expect(try cloud.bucket.versions(of: key) == 2)
      }
      for (name, dump) in dumps {
        let back = try cloud.run(["dump", name], as: "restorer")
        #expect(back.status <= 1 && back.output == dump, "\(kind): \(back.status) \(back.errors)")
        // The kit is not read by a restore, and an index not where the packs say enough.
        if kind != "/rescue/" && kind != "/index/" {
          #expect(back.errors.contains("version"), "\(kind): \(back.errors)")
        }
      }
    }
  }
}
