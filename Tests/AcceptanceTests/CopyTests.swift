import Glibc
import TestKit
import Testing

extension Acceptance {
  @Suite("copies")
  struct CopyTests {
    @Test(
      "into a folder and back: the same bytes; what the bucket loses afterwards comes from the folder, and is named")
    func thereAndBack() throws {
      guard let server = try S3Server.ceph() else { return }
      let cloud = try Cloud(in: try S3Bucket(on: server))
      let dump = try cloud.file("dump", (1, 100 << 20))
      try cloud.backUp(dump.path)
      let local = cloud.folder.path("copy")
      // Killed in the middle, and taken up again.
      let first = try cloud.start(["copy", "--repository", cloud.location, "--to", local], as: nil)
      try eventually("something is copied: \(first.errors)") {
        first.hasEnded || Files.tree(local).contains { $0.contains("/packs/") }
      }
      first.signal(SIGKILL)
      first.wait()
      for (from, to) in [(cloud.location, local), (local, cloud.bucket.location("back"))] {
        let copied = try cloud.run(["copy", "--repository", from, "--to", to], as: nil)
        #expect(copied.status == 0, "\(copied.text)\(copied.errors)")
      }
      let objects = try cloud.bucket.digests("\(cloud.prefix)/")
      let back = try cloud.bucket.digests("back/")
      #expect(objects.count > 8 && objects.count == back.count)
      for (key, digest) in objects { #expect(back["back" + key.dropFirst(cloud.prefix.count)] == digest, "\(key)") }

      let packs = try cloud.objects("packs")
      let lost = packs.enumerated().filter { $0.offset % 3 == 0 }.map(\.element)
      for key in lost { try cloud.bucket.delete(key) }
      let alone = try cloud.run(["restore", "orders", "--to", cloud.folder.path("alone")], as: "restorer")
      #expect(alone.status == 6, "\(alone.errors)")
      let words = ["restore", "orders", "--json", "--to", cloud.folder.path("back"), "--copy", local]
      let restored = try cloud.run(words, as: "restorer")
      #expect(restored.status <= 1, "\(restored.text)\(restored.errors)")
      #expect(try Files.read(cloud.folder.path("back/dump")) == dump.bytes)
      for key in lost {
        let taken = restored.text.split(separator: "\n").contains {
          $0.contains(#""type":"taken""#) && $0.contains(key.dropFirst(cloud.prefix.count + 1)) && $0.contains(local)
        }
        #expect(taken, "\(key) is not named: \(restored.text)")
      }
    }
  }
}
