import Bytes
import Drills
import Glibc
import Pipeline
import Profiles
import TestKit
import Testing

extension ServerTargetTests {
  @Suite("A scratch server whose drill is gone", .serialized)
  struct OrphanTests {
    /// The folder in which a process of its own makes a server; set only in that process.
    private static let variable = "LIFEBOAT_TEST_SERVER_IN"

    /// Runs in a process of its own, which is killed: makes a server and waits.
    @Test("makes a server and waits, where another test asks for it")
    func victim() throws {
      guard let asked = getenv(OrphanTests.variable) else { return }
      let words = String(cString: asked).split(separator: " ").map(String.init)
      let kind = try #require(ServerKind(rawValue: words[0]))
      let target = ServerTarget(
        kind, ScratchServerSettings(),
        of: DrillTarget(folder: words[1], timeToLive: Seconds(Int64(words[2]) ?? 0)), events: { _ in })
      try target.start(stop: StopSignal())
      try Files.write("\(words[1])/ready", Array((target.folder ?? "").utf8))
      sleep(600)
    }

    /// A process that has made a server, and the server's folder.
    private struct Victim {
      let program: RunningProgram
      let parent: TemporaryFolder
      let folder: String

      init(_ kind: ServerKind, timeToLive: Int) throws {
        let parent = TemporaryFolder()
        chmod(parent.path, 0o711)
        var path = [CChar](repeating: 0, count: 4096)
        let count = readlink("/proc/self/exe", &path, path.count - 1)
        try #require(count > 0)
        let own = String(decoding: path[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
        var arguments = (try Files.read("/proc/self/cmdline")).split(separator: 0).dropFirst().map {
          String(decoding: $0, as: UTF8.self)
        }
        // How this process was told to run tests, but for which of them, and for where its events go.
        arguments.removeAll { $0.hasPrefix("--filter") || $0.hasPrefix("--skip") }
        var words: [String] = []
        var skips = false
        for argument in arguments {
          if skips {
            skips = false
            continue
          }
          if ["--testing-library", "--event-stream-output-path", "--experimental-event-stream-output"].contains(
            argument)
          {
            skips = true
            continue
          }
          if argument.hasSuffix(".xctest") || argument.hasPrefix("--test-bundle-path") { words.append(argument) }
        }
        var variables: [String: String] = [OrphanTests.variable: "\(kind.rawValue) \(parent.path) \(timeToLive)"]
        for name in ["PATH", "HOME", "LD_LIBRARY_PATH", "TMPDIR"] {
          if let value = getenv(name) { variables[name] = String(cString: value) }
        }
        program = try RunningProgram(
          [own] + words + ["--testing-library", "swift-testing", "--filter", "OrphanTests/victim"],
          environment: variables)
        let started = program
        let isReady = Processes.eventually { Files.exists("\(parent.path)/ready") || started.hasEnded }
        try #require(isReady && Files.exists("\(parent.path)/ready"), "\(program.output)\(program.errors)")
        usleep(50_000)
        folder = String(decoding: try Files.read("\(parent.path)/ready"), as: UTF8.self)
        self.parent = parent
      }

      var leftovers: [String] { Files.names(in: parent.path).filter { $0 != "ready" } }
    }

    @Test("ends with it, and the decrypted data is removed", arguments: ServerKind.allCases)
    func killed(_ kind: ServerKind) throws {
      let victim = try Victim(kind, timeToLive: 600)
      #expect(!Processes.working(in: victim.folder).isEmpty)
      victim.program.signal(SIGKILL)
      victim.program.wait()
      #expect(Processes.areGone(from: victim.folder))
      #expect(Processes.eventually { victim.leftovers.isEmpty }, "\(victim.leftovers)")
    }

    @Test("ends when its time to live is over, though the drill hangs, and says so", arguments: ServerKind.allCases)
    func late(_ kind: ServerKind) throws {
      let parent = TemporaryFolder()
      chmod(parent.path, 0o711)
      // Longer than a server takes to start on a busy machine is not needed: one that is late says so, too.
      let target = ServerTarget(
        kind, ScratchServerSettings(), of: DrillTarget(folder: parent.path, timeToLive: Seconds(20)), events: { _ in })
      try target.start(stop: StopSignal())
      let folder = try #require(target.folder)
      #expect(Processes.eventually(within: 60) { Processes.working(in: folder).isEmpty })
      let failure = #expect(throws: Failure.self) { try target.startAgain(stop: StopSignal()) }
      #expect(failure?.what == "the scratch server's time to live of 20s is over")
      #expect(try target.destroy() == "process gone, socket gone, folder gone")
      #expect(Files.names(in: parent.path) == [])
    }

    @Test("is found and ended by the next drill, where nothing else could")
    func swept() throws {
      let victim = try Victim(.redis, timeToLive: 600)
      // Without its guard, and with a server that the kernel does not end.
      let guards = Files.names(in: "/proc").compactMap { name -> pid_t? in
        guard let number = pid_t(name), let words = try? Files.read("/proc/\(name)/cmdline"),
          String(decoding: words, as: UTF8.self).contains("lifeboat-guard\0\(victim.folder)\0")
        else { return nil }
        return number
      }
      #expect(!guards.isEmpty)
      for number in guards { kill(number, SIGKILL) }
      let loose = try RunningProgram(
        ["/usr/bin/env", "-C", "\(victim.folder)/server/data", "/bin/sleep", "600"], environment: [:])
      victim.program.signal(SIGKILL)
      victim.program.wait()
      #expect(Processes.eventually { Processes.working(in: victim.folder).count == 1 })
      #expect(!victim.leftovers.isEmpty)
      // A fresh folder may be one that its drill has not locked yet.
      var times = [timespec(tv_sec: time(nil) - 3600, tv_nsec: 0), timespec(tv_sec: time(nil) - 3600, tv_nsec: 0)]
      utimensat(AT_FDCWD, victim.folder, &times, 0)
      let next = ServerTarget(
        .redis, ScratchServerSettings(), of: DrillTarget(folder: victim.parent.path), events: { _ in })
      try next.start(stop: StopSignal())
      #expect(Processes.working(in: victim.folder) == [])
      #expect(loose.wait() == -SIGKILL)
      #expect(victim.leftovers == [String(try #require(next.folder).split(separator: "/").last ?? "")])
      _ = try next.destroy()
    }
  }
}
