import Bytes
import Drills
import Glibc
import Pipeline
import Profiles
import TestKit
import Testing

extension ServerTargetTests {
  @Suite("The account of a scratch server", .serialized)
  struct AccountTests {
    private func isRoot() -> Bool {
      if geteuid() == 0 { return true }
      Files.say("*** NOT TESTED: only root gives a server an account of its own ***")
      return false
    }

    private static let usual: [ServerKind: String] = [.postgresql: "postgres", .mariadb: "mysql", .redis: "redis"]

    @Test("has no rights, is named, and sees nothing of lifeboat's environment", arguments: ServerKind.allCases)
    func unprivileged(_ kind: ServerKind) throws {
      guard isRoot() else { return }
      setenv("LIFEBOAT_TEST_SECRET", "rosebud-4711", 1)
      defer { unsetenv("LIFEBOAT_TEST_SECRET") }
      let folder = TemporaryFolder()
      chmod(folder.path, 0o711)
      let events = Events()
      let target = ServerTarget(
        kind, ScratchServerSettings(), of: DrillTarget(folder: folder.path), events: events.take)
      try target.start(stop: StopSignal())
      let name = try #require(target.account)
      let usual = try #require(AccountTests.usual[kind])
      #expect([usual, "nobody"].contains(name))
      #expect(events.notes == ["the scratch \(kind.rawValue) runs as the account \(name)"])
      let there = Processes.working(in: try #require(target.folder))
      #expect(!there.isEmpty)
      for number in there {
        // A worker of the server may end meanwhile.
        guard let account = Processes.account(of: number) else { continue }
        #expect(account == getpwnam(name).pointee.pw_uid)
        #expect(!Processes.environment(of: number).contains("rosebud"))
      }
      _ = try target.destroy()
    }

    @Test("is the only one that can read what was restored", arguments: ServerKind.allCases)
    func others(_ kind: ServerKind) throws {
      guard isRoot(), let bench = try ServerBench(kind, rows: 1000) else { return }
      let target = bench.scratchServer()
      try target.start(stop: StopSignal())
      let loaded = try target.load(try bench.job())
      let folder = try #require(target.folder)
      let other = target.account == "games" ? "daemon" : "games"
      func attempt(_ words: [String]) throws -> Program.Outcome {
        try Program.run(["setpriv", "--reuid=\(other)", "--regid=\(other)", "--clear-groups", "--"] + words)
      }
      for path in [folder, "\(folder)/server", "\(folder)/server/data"] {
        #expect(try attempt(["ls", path]).status != 0)
        #expect(try attempt(["test", "-x", path]).status != 0)
      }
      let socket = try #require(loaded.server.socket)
      let client: [String] =
        switch kind {
        case .postgresql: ["psql", "-X", "-h", socket, "-U", "postgres", "-d", bench.database, "-c", "SELECT 1"]
        case .mariadb: ["mariadb", "--no-defaults", "--socket=\(socket)", "--user=root", "-e", "SELECT 1"]
        case .redis: ["redis-cli", "-s", socket, "PING"]
        }
      let refused = try attempt(client)
      #expect(
        refused.errors.lowercased().contains("permission denied") || refused.text.contains("denied")
          || refused.errors.contains("(13"), "\(refused)")
      // The account itself reads its settings, and neither the password nor what lifeboat runs.
      if kind != .postgresql {
        let own = try Program.run([
          "setpriv", "--reuid=\(try #require(target.account))", "--regid=\(try #require(target.account))",
          "--clear-groups", "--", "cat", "\(folder)/password",
        ])
        #expect(own.status != 0)
      }
      _ = try target.destroy()
    }

    @Test("is never root, and is the one that the drill names")
    func named() throws {
      guard isRoot() else { return }
      let folder = TemporaryFolder()
      chmod(folder.path, 0o711)
      func target(_ name: String) -> ServerTarget {
        ServerTarget(
          .redis, ScratchServerSettings(account: name), of: DrillTarget(folder: folder.path), events: { _ in })
      }
      let failure = #expect(throws: Failure.self) { try target("root").start(stop: StopSignal()) }
      #expect(failure?.what == "a scratch server never runs as root")
      let named = target("games")
      try named.start(stop: StopSignal())
      let there = try #require(named.folder)
      let number = try #require(Processes.working(in: there).first)
      #expect(Processes.account(of: number) == getpwnam("games").pointee.pw_uid)
      _ = try named.destroy()
    }

    @Test("must be able to pass through the folder")
    func closed() throws {
      guard isRoot() else { return }
      let folder = TemporaryFolder()
      let target = ServerTarget(
        .redis, ScratchServerSettings(), of: DrillTarget(folder: folder.path), events: { _ in })
      let failure = #expect(throws: Failure.self) { try target.start(stop: StopSignal()) }
      #expect(failure?.next.contains("can pass through") == true, "\(String(describing: failure))")
      _ = try target.destroy()
      #expect(Files.names(in: folder.path) == [])
    }
  }
}
