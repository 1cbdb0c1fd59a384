import Bytes
import Cryptography
import Glibc
import Pipeline
import Synchronization
import TestKit
import Testing

extension EngineTests {
  @Suite("a long stream in little memory")
  struct MemoryTests {
    /// The most memory that a run may take, in bytes: pages of its own, without those of the program's file.
    private static let limit = 220_000_000

    @Test("goes out, a day later as differences, and comes back equal, within the bounds of memory")
    func longStream() throws {
      let bench = try Lifeboat()
      let mebibytes = Lifeboat.isLong ? 20_480 : 256
      for day in 1...2 {
        let dump = ["/bin/sh", "-c", MemoryTests.generator(mebibytes, day: day)]
        let out = try MemoryTests.watched(bench, bench.backup(dump))
        Files.say("backup of \(mebibytes) MiB, day \(day): \(out.text)")
        #expect(out.peak <= MemoryTests.limit)
      }
      let back = bench.command(["dump", "latest", "--component", "orders"], as: "restorer")
      let restored = try MemoryTests.watched(bench, back)
      Files.say("restore of \(mebibytes) MiB: \(restored.text)")
      let digest = try Program.run(["/bin/sh", "-c", "\(MemoryTests.generator(mebibytes, day: 2)) | sha256sum"])
      #expect(digest.text.hasPrefix(restored.digest), "\(digest.errors)")
      #expect(restored.peak <= MemoryTests.limit)
    }

    /// A shell line that prints so many mebibytes, the same every time; a day's differ from those of the day before in
    /// one place each. 16 of 17 bytes repeat something, so that a long stream needs little disk.
    private static func generator(_ mebibytes: Int, day: Int) -> String {
      let script = """
        import random, sys
        source = random.Random(1)
        for _ in range(\(mebibytes)):
            block = source.randbytes(1 << 15).hex().encode() * 16
            sys.stdout.buffer.write(block[:500000] + b"%016d" % \(day) + block[500016:])
        """
      return "python3 -c '\(script)'"
    }

    /// What a process took.
    private struct Measured {
      var peak = 0
      var highWater = 0
      var disk = 0
      var nanoseconds: UInt64 = 0
      /// SHA-256 of what it printed.
      var digest = ""

      var text: String {
        "\(nanoseconds / 1_000_000) ms, \(peak / 1000) kB of its own (VmHWM \(highWater / 1000) kB), "
          + "\(disk / 1000) kB of temporary disk"
      }
    }

    /// Runs a command to its end and looks at it a hundred times a second.
    private static func watched(_ bench: Lifeboat, _ command: ChildCommand) throws -> Measured {
      let measured = Mutex(Measured())
      let isOver = Atomic<Bool>(false)
      let watch = Stopwatch()
      let child = try Child.start(command, stop: StopSignal())
      let process = child.processID
      let observer = Threads.run(named: "observer") {
        while !isOver.load(ordering: .acquiring) {
          let now = look(at: process, bench)
          measured.withLock { measured in
            measured.peak = max(measured.peak, now.peak)
            measured.highWater = max(measured.highWater, now.highWater)
            measured.disk = max(measured.disk, now.disk)
          }
          usleep(10_000)
        }
      }
      var part = Buffer(capacity: 1 << 20)
      var digest = ObjectDigest()
      repeat {
        part.count = try part.withCapacity { (room) throws(Failure) in try child.read(into: room) }
        part.withBytes { digest.update($0) }
      } while part.count > 0
      let exit = try child.wait()
      isOver.store(true, ordering: .releasing)
      observer.join()
      try #require(exit.succeeded, "\(exit): \(child.errorText)")
      measured.withLock {
        $0.nanoseconds = watch.nanoseconds
        $0.digest = digest.finish().hex
      }
      return measured.withLock { $0 }
    }

    private static func look(at process: pid_t, _ bench: Lifeboat) -> Measured {
      var measured = Measured()
      guard let bytes = try? Files.read("/proc/\(process)/status") else { return measured }
      for line in String(decoding: bytes, as: UTF8.self).split(separator: "\n") {
        let words = line.split { $0 == " " || $0 == "\t" || $0 == ":" }
        guard words.count > 1, let kibibytes = Int(words[1]) else { continue }
        switch words[0] {
        case "RssAnon", "RssShmem": measured.peak += kibibytes * 1024
        case "VmHWM": measured.highWater = kibibytes * 1024
        default: break
        }
      }
      measured.disk = [bench.folder.path("tmp"), "\(bench.store)/.incoming"].reduce(0) { sum, folder in
        Files.tree(folder).reduce(sum) { sum, name in
          var status = stat()
          return lstat("\(folder)/\(name)", &status) == 0 ? sum + Int(status.st_size) : sum
        }
      }
      return measured
    }
  }
}
