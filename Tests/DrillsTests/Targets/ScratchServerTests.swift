import Bytes
import Databases
import Drills
import Engine
import Format
import Glibc
import Pipeline
import Profiles
import TestKit
import Testing

extension ServerTargetTests {
  @Suite("A scratch server", .serialized)
  struct ScratchServerTests {
    @Test("is made, loaded, asked and destroyed, and nothing of it is left", arguments: ServerKind.allCases)
    func whole(_ kind: ServerKind) throws {
      guard let bench = try ServerBench(kind) else { return }
      let events = Events()
      let target = bench.scratchServer(events: events)
      #expect(target.title == "scratch \(kind.rawValue)")
      try target.start(stop: StopSignal())
      #expect(target.title.hasPrefix("scratch \(kind.rawValue) "))
      let folder = try #require(target.folder)
      let clock = RecoveryClock()
      let loaded = try target.load(try bench.job(events: events, clock: clock))
      #expect(try bench.differences(loaded) == [])
      #expect(bench.count(loaded) == "20000")
      #expect(events.warnings == [])
      let phases = Set(clock.finish().spans.map(\.name))
      let wanted: Set = ["target examined", "first byte", "last byte", "data loaded", "database in place"]
      #expect(phases.isSuperset(of: wanted.union(["first good query", "index loaded"])), "\(phases)")
      if kind == .postgresql { #expect(phases.isSuperset(of: ["indexes built", "tables analyzed"])) }
      #expect(!Processes.working(in: folder).isEmpty)
      #expect(try target.destroy() == "process gone, socket gone, folder gone")
      #expect(Processes.working(in: folder) == [])
      #expect(bench.leftovers == [])
      #expect(try target.destroy() == "process gone, socket gone, folder gone", "it may be said again")
    }

    @Test("has the roles of the dump without their owner's help, and tablespaces only in its own folder")
    func globals() throws {
      guard let bench = try ServerBench(.postgresql, rows: 100) else { return }
      let space = "/tmp/lifeboat-space-\(Identifier.random().hex.prefix(8))"
      mkdir(space, 0o700)
      _ = try Program.run(["chown", bench.server["ACCOUNT"], space])
      defer { rmdir(space) }
      bench.sql("CREATE TABLESPACE \(bench.role)_space LOCATION '\(space)'")
      bench.sql(
        "CREATE TABLE aside (a int) TABLESPACE \(bench.role)_space; INSERT INTO aside VALUES (1)", in: bench.database)
      defer {
        bench.sql("DROP TABLE aside", in: bench.database)
        bench.sql("DROP TABLESPACE \(bench.role)_space")
      }
      try bench.backUp()
      let before = Files.tree(space)
      let target = bench.scratchServer()
      try target.start(stop: StopSignal())
      let loaded = try target.load(try bench.job())
      #expect(try bench.differences(loaded) == [])
      func ask(_ query: String) -> String { ServerBench.run(loaded.server, .postgresql, query, in: bench.database) }
      #expect(ask("SELECT tableowner FROM pg_tables WHERE tablename = 'big'") == bench.role)
      let place = ask("SELECT pg_tablespace_location(oid) FROM pg_tablespace WHERE spcname = '\(bench.role)_space'")
      #expect(place.hasPrefix(try #require(target.folder)), "\(place)")
      #expect(Files.tree(space) == before)
      _ = try target.destroy()
    }

    @Test("takes all databases of a server, the one named postgres among them")
    func allDatabases() throws {
      guard let bench = try ServerBench(.postgresql, rows: 100) else { return }
      try bench.backUp(["postgres", bench.database])
      let target = bench.scratchServer()
      try target.start(stop: StopSignal())
      let loaded = try target.load(try bench.job())
      #expect(Set(loaded.plan.databases.map(\.target)) == ["postgres", bench.database])
      #expect(try bench.differences(loaded) == [])
      _ = try target.destroy()
    }

    @Test("has views that run as those who defined them: the users of the dump are there")
    func definers() throws {
      guard let bench = try ServerBench(.mariadb, rows: 100) else { return }
      let target = bench.scratchServer()
      try target.start(stop: StopSignal())
      let loaded = try target.load(try bench.job())
      #expect(ServerBench.run(loaded.server, .mariadb, "SELECT count(*) FROM words", in: bench.database) == "100")
      _ = try target.destroy()
    }

    @Test("listens on its socket alone", arguments: ServerKind.allCases)
    func noNetwork(_ kind: ServerKind) throws {
      let folder = TemporaryFolder()
      chmod(folder.path, 0o711)
      let target = ServerTarget(
        kind, ScratchServerSettings(),
        of: DrillTarget(place: .scratchServer(ScratchServerSettings()), folder: folder.path),
        events: { _ in })
      try target.start(stop: StopSignal())
      let inodes = Processes.working(in: try #require(target.folder)).flatMap { number in
        Files.names(in: "/proc/\(number)/fd").compactMap { Sockets.inode("/proc/\(number)/fd/\($0)") }
      }
      #expect(!inodes.isEmpty)
      #expect(Sockets.ofNetwork().isDisjoint(with: inodes))
      _ = try target.destroy()
    }

    @Test(
      "is killed where it stands and started again, and the next restore goes through", arguments: ServerKind.allCases)
    func killed(_ kind: ServerKind) throws {
      guard let bench = try ServerBench(kind, rows: 300_000) else { return }
      let target = bench.scratchServer()
      #expect(!target.kill(), "there was nothing to kill")
      try target.start(stop: StopSignal())
      let progress = RunProgress()
      let isKilled = Counter()
      let killer = Threads.run(named: "killer") {
        while progress.bytes < 1 << 20 { usleep(500) }
        if target.kill() { _ = isKilled.add() }
      }
      let failure = #expect(throws: Failure.self) { _ = try target.load(try bench.job(progress: progress)) }
      killer.join()
      #expect(isKilled.value == 1)
      #expect(failure?.code == .targetRefused, "\(String(describing: failure))")
      #expect(!target.kill(), "it is gone already")
      try target.startAgain(stop: StopSignal())
      let loaded = try target.load(try bench.job())
      #expect(try bench.differences(loaded) == [])
      #expect(bench.count(loaded) == "300000")
      #expect(try target.destroy() == "process gone, socket gone, folder gone")
      #expect(bench.leftovers == [])
    }

    @Test("is kept for a look, with a script that starts it again", arguments: ServerKind.allCases)
    func kept(_ kind: ServerKind) throws {
      guard let bench = try ServerBench(kind, rows: 1000) else { return }
      let target = bench.scratchServer()
      try target.start(stop: StopSignal())
      _ = try target.load(try bench.job())
      let before = try #require(target.folder)
      let settings = try #require(target.settings)
      let kept = try target.keep()
      #expect(Processes.working(in: before) == [])
      #expect(bench.leftovers == [String(kept.split(separator: "/").last ?? "")])
      let again = try RunningProgram(["\(kept)/start"], environment: ["PATH": "/usr/bin:/bin:/usr/sbin:/sbin"])
      var there = settings
      func moved(_ path: String) -> String { kept + path.dropFirst(before.count) }
      there.socket = settings.socket.map(moved)
      if case .file(let path)? = settings.password { there.password = .file(moved(path)) }
      let query = kind == .redis ? "DBSIZE" : "SELECT count(*) FROM big"
      let answers = Processes.eventually {
        ServerBench.run(there, kind, query, in: kind == .redis ? nil : bench.database) == "1000"
      }
      #expect(answers, "\(ServerBench.run(there, kind, query, in: bench.database)) \(again.errors)")
      again.signal(SIGKILL)
      again.wait()
      #expect(Processes.eventually { Processes.working(in: kept).isEmpty })
      TemporaryFolder.remove(kept)
    }

    @Test("is refused where there is no room, no program, or a setting is unknown to it")
    func refused() throws {
      let folder = TemporaryFolder()
      chmod(folder.path, 0o711)
      func start(_ settings: ScratchServerSettings, in parent: String? = nil) -> Failure? {
        let target = ServerTarget(
          .postgresql, settings, of: DrillTarget(folder: parent ?? folder.path), events: { _ in })
        let failure = #expect(throws: Failure.self) { try target.start(stop: StopSignal()) }
        _ = try? target.destroy()
        #expect(Files.names(in: parent ?? folder.path) == [])
        return failure
      }
      #expect(start(ScratchServerSettings(programs: "/usr/share"))?.what.contains("no initdb") == true)
      let unknown = start(ScratchServerSettings(settings: ["shared_bufers": "1GB"]))
      #expect(unknown?.what.contains("shared_bufers") == true, "\(String(describing: unknown))")
      #expect(
        start(ScratchServerSettings(account: "nobody-of-that-name"))?.what == "there is no account nobody-of-that-name")
      guard let disk = try SmallDisk(megabytes: 60) else { return }
      for path in [disk.path, DurableFile.folder(of: disk.path)] { chmod(path, 0o711) }
      #expect(start(ScratchServerSettings(), in: disk.path)?.code == .targetFull)
    }

    @Test("a disk that fills up while it is loaded is told from other failures")
    func filled() throws {
      guard let bench = try ServerBench(.postgresql, rows: 400_000), let disk = try SmallDisk(megabytes: 250) else {
        return
      }
      for path in [disk.path, DurableFile.folder(of: disk.path)] { chmod(path, 0o711) }
      let target = ServerTarget(
        .postgresql, ScratchServerSettings(), of: DrillTarget(folder: disk.path), events: { _ in })
      try target.start(stop: StopSignal())
      let progress = RunProgress()
      let path = disk.path
      let filler = Threads.run(named: "filler") {
        while progress.bytes < 1 << 20 { usleep(500) }
        var status = statvfs()
        statvfs(path, &status)
        let file = open("\(path)/filler", O_CREAT | O_WRONLY, 0o600)
        posix_fallocate(file, 0, off_t(status.f_bavail) * off_t(status.f_frsize))
        close(file)
      }
      let failure = #expect(throws: Failure.self) { _ = try target.load(try bench.job(progress: progress)) }
      filler.join()
      #expect(failure?.code == .targetFull, "\(String(describing: failure))")
      unlink("\(path)/filler")
      #expect(bench.count(try target.load(try bench.job())) == "400000")
      _ = try target.destroy()
    }

    @Test("a dump that does not fit is refused before anything is loaded")
    func full() throws {
      guard let bench = try ServerBench(.postgresql, rows: 400_000), let disk = try SmallDisk(megabytes: 90) else {
        return
      }
      for path in [disk.path, DurableFile.folder(of: disk.path)] { chmod(path, 0o711) }
      let target = ServerTarget(
        .postgresql, ScratchServerSettings(), of: DrillTarget(folder: disk.path), events: { _ in })
      try target.start(stop: StopSignal())
      let progress = RunProgress()
      let failure = #expect(throws: Failure.self) { _ = try target.load(try bench.job(progress: progress)) }
      #expect(failure?.code == .targetFull, "\(String(describing: failure))")
      #expect(progress.bytes == 0)
      _ = try target.destroy()
    }
  }
}

/// Sockets as the kernel lists them.
enum Sockets {
  /// The number of the socket that a descriptor is.
  static func inode(_ path: String) -> String? {
    var room = [CChar](repeating: 0, count: 128)
    let count = readlink(path, &room, room.count - 1)
    guard count > 0 else { return nil }
    let text = String(decoding: room[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    return text.hasPrefix("socket:[") ? String(text.dropFirst(8).dropLast()) : nil
  }

  /// Those of TCP and UDP.
  static func ofNetwork() -> Set<String> {
    var found: Set<String> = []
    for table in ["tcp", "tcp6", "udp", "udp6"] {
      let lines = (try? Files.read("/proc/net/\(table)")).map { String(decoding: $0, as: UTF8.self) } ?? ""
      for line in lines.split(separator: "\n").dropFirst() {
        let fields = line.split(separator: " ")
        if fields.count > 9 { found.insert(String(fields[9])) }
      }
    }
    return found
  }
}
