import Bytes
import Databases
import Engine
import Format
import Pipeline
import Profiles
import Repository
import TestKit
import Testing

extension EngineTests {
  @Suite("hooks around a backup")
  struct HookTests {
    private let bench: Bench
    private let log = EventLog()

    init() throws { bench = try Bench() }

    /// A hook that appends a line to the trace, then does the rest.
    private func hook(_ word: String, _ rest: String = "true", timeout: Int64 = 60) -> Hook {
      let line = "\(word) $LIFEBOAT_COMPONENT ${LIFEBOAT_SNAPSHOT:+snapshot} $LIFEBOAT_VERDICT ${LIFEBOAT_ERROR:+error}"
      return Hook(
        run: ["/bin/sh", "-c", "echo \(line) >> '\(bench.folder.path("trace"))'; \(rest)"], timeout: Seconds(timeout))
    }

    private var trace: [String] {
      let bytes = (try? DurableFile.read(bench.folder.path("trace"), limit: 1 << 20)) ?? []
      return String(decoding: bytes, as: UTF8.self).split(separator: "\n").map {
        $0.split(separator: " ").joined(separator: " ")
      }
    }

    private func hooks(
      before: String = "true", after: String = "true", failed: String = "true", finally: String = "true"
    )
      -> Hooks
    {
      Hooks(
        before: [hook("before", before), hook("before2")], after: [hook("after", after), hook("after2")],
        failed: [hook("failed", failed), hook("failed2")], finally: [hook("finally", finally), hook("finally2")])
    }

    private func run(_ source: any DumpSource, _ hooks: Hooks, stop: StopSignal = StopSignal()) throws -> BackupReport {
      try bench.backup(source, stop: stop, events: log.sink) { $0.hooks = hooks }
    }

    @Test("a complete dump runs before, after and finally, in their order, and tells them of it")
    func complete() throws {
      let report = try run(try bench.dump([1]), hooks())
      #expect(report.failure == nil)
      #expect(
        trace == [
          "before orders", "before2 orders", "after orders snapshot complete", "after2 orders snapshot complete",
          "finally orders snapshot complete", "finally2 orders snapshot complete",
        ])
    }

    @Test("a before that fails stops the run before anything is dumped")
    func before() throws {
      let source = CommandSource(
        CommandSettings(run: ["/bin/sh", "-c", "echo dumped >> '\(bench.folder.path("trace"))'"]))
      let failure = try #require(failure { _ = try run(source, hooks(before: "echo no master key >&2; exit 4")) })
      #expect(failure.code == .sourceFailed)
      #expect(failure.what == "the hook before ended with exit status 4: no master key")
      #expect(
        trace == [
          "before orders", "failed orders failed error", "failed2 orders failed error", "finally orders failed error",
          "finally2 orders failed error",
        ])
      #expect(try bench.history().snapshots.isEmpty)
    }

    @Test("a dump that is quarantined runs failed, not after")
    func quarantined() throws {
      let report = try run(try bench.dump([1], then: "exit 1"), hooks())
      #expect(report.snapshot.verdict == .quarantined)
      #expect(trace.suffix(4).first == "failed orders snapshot quarantined error")
      #expect(!trace.contains { $0.hasPrefix("after") })
    }

    @Test("an after that fails is an error though the snapshot is complete; the others run all the same")
    func after() throws {
      let report = try run(try bench.dump([1]), hooks(after: "exit 3"))
      #expect(report.snapshot.verdict == .complete)
      #expect(report.failure?.what == "the hook after ended with exit status 3")
      #expect(report.failure?.code.exitStatus == 3)
      #expect(trace.contains("after2 orders snapshot complete"))
      #expect(trace.contains("failed orders snapshot complete error"))
      #expect(try bench.history().latest(of: "orders")?.name == report.name)
    }

    @Test("failed and finally that fail are warnings")
    func warnings() throws {
      let report = try run(try bench.dump([1]), hooks(finally: "exit 1"))
      #expect(report.failure == nil)
      #expect(log.all.contains { $0.hasPrefix("warning the hook finally ended with exit status 1") })
      #expect(trace.last == "finally2 orders snapshot complete")
      #expect(
        failure { _ = try run(CommandSource(CommandSettings(run: ["/nowhere"])), hooks(failed: "exit 1")) } != nil)
      #expect(log.all.contains { $0.hasPrefix("warning the hook failed ended with exit status 1") })
    }

    @Test("a hook that takes too long is ended with all it started")
    func late() throws {
      var hooks = Hooks(before: [hook("before", "sleep 300 & sleep 300", timeout: 1)])
      hooks.finally = [hook("finally")]
      let failure = try #require(failure { _ = try run(try bench.dump([1]), hooks) })
      #expect(failure.what == "the hook before took longer than 1s and was ended")
      #expect(trace.last == "finally orders failed error")
    }

    @Test("finally runs also after the run was stopped, under a signal of its own")
    func stopped() throws {
      let stop = StopSignal()
      let source = ScriptedSource(try bench.dump([1])) { stop.stop(because: Failure(.interrupted, "by the test")) }
      let failure = failure { _ = try run(source, hooks(), stop: stop) }
      #expect(failure?.code == .interrupted)
      #expect(
        trace.suffix(4) == [
          "failed orders failed error", "failed2 orders failed error", "finally orders failed error",
          "finally2 orders failed error",
        ])
    }

    @Test("what hooks print becomes notes, without secrets; however much it is")
    func output() throws {
      var hook = hook("before", "echo the password is $DB_PASSWORD; echo and an error >&2; yes | head -c 3000000")
      hook.environment = [EnvironmentSetting(name: "DB_PASSWORD", value: .literal("hunter2222"))]
      _ = try run(try bench.dump([1]), Hooks(before: [hook]))
      #expect(!log.all.contains { $0.contains("hunter2222") })
      #expect(log.all.contains("note hook before: and an error"))
      hook = self.hook("before", "echo the password is $DB_PASSWORD")
      hook.environment = [EnvironmentSetting(name: "DB_PASSWORD", value: .literal("hunter2222"))]
      _ = try run(try bench.dump([1]), Hooks(before: [hook]))
      #expect(log.all.contains("note hook before: the password is ***"))
    }

    @Test("a program that is not there fails like any other")
    func missing() throws {
      let hooks = Hooks(before: [Hook(run: ["/nowhere/hook"])])
      #expect(failure { _ = try run(try bench.dump([1]), hooks) }?.code == .sourceFailed)
    }

    @Test("somebody is told of the events they asked for, and of the first good run after a bad one")
    func notifications() throws {
      func notify(_ source: any DumpSource) throws -> [String] {
        let path = bench.folder.path("told")
        try Files.write(path, [])
        let told = Notification.Event.allCases.map { event in
          Notification(on: [event], hook: Hook(run: ["/bin/sh", "-c", "echo \(event) $LIFEBOAT_EVENT >> '\(path)'"]))
        }
        _ = try? bench.backup(source, events: log.sink) { $0.notifications = told }
        return String(decoding: try DurableFile.read(path, limit: 4096), as: UTF8.self).split(separator: "\n")
          .map(String.init)
      }
      #expect(try notify(try bench.dump([1])) == ["complete complete"])
      #expect(try notify(try bench.dump([1], then: "exit 1")) == ["quarantined quarantined"])
      #expect(try notify(CommandSource(CommandSettings(run: ["/nowhere"]))) == ["failed failed"])
      #expect(try notify(try bench.dump([2])) == ["recovered recovered", "complete complete"])
      #expect(try notify(try bench.dump([3])) == ["complete complete"])
    }
  }
}
