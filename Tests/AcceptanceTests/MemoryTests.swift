import Glibc
import TestKit
import Testing

extension Acceptance {
  @Suite("memory")
  struct MemoryTests {
    /// The most memory that a run may take, in bytes: pages of its own, without those of the program's file.
    private static let limit = 220_000_000

    @Test("a long stream goes up and comes down within the bounds of memory, with as many threads as it likes")
    func upAndDown() throws {
      guard let server = try S3Server.ceph() else { return }
      let cloud = try Cloud(in: try S3Bucket(on: server))
      let mebibytes = Product.isLong ? 2048 : 256
      let noise = "openssl enc -aes-128-ctr -nosalt -K 00 -iv 00 </dev/zero 2>/dev/null | head -c \(mebibytes << 20)"
      let backup = try cloud.start(
        ["backup", "--component", "orders", "--json", "--", "/bin/sh", "-c", noise], as: "writer")
      let up = MemoryTests.peak(of: backup)
      #expect(backup.wait() == 0, "\(backup.errors)")
      let restore = try cloud.start(["restore", "orders", "--to", cloud.folder.path("back")], as: "restorer")
      let down = MemoryTests.peak(of: restore)
      #expect(restore.wait() == 0, "\(restore.errors)")
      let same = try Program.run(["/bin/sh", "-c", "\(noise) | cmp - \(cloud.folder.path("back/dump"))"])
      #expect(same.status == 0, "\(same.errors)")
      Files.say("\(mebibytes) MiB to S3 and back: \(up / 1_000_000) MB up, \(down / 1_000_000) MB down")
      #expect(up <= MemoryTests.limit)
      #expect(down <= MemoryTests.limit)
    }

    private static func peak(of run: RunningProgram) -> Int {
      var peak = 0
      while !run.hasEnded {
        peak = max(peak, run.memory)
        usleep(5_000)
      }
      return peak
    }
  }
}
