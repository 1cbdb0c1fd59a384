import FaultProxy
import Glibc
import Pipeline
import TestKit
import Testing

extension Acceptance {
  @Suite("sudden death")
  struct CrashTests {
    /// Where a run is killed.
    private enum Ending: String {
      case beforeIt = "before the server has it"
      case afterIt = "after the server has done it"

      /// A request that hangs: long enough to be killed in.
      var effect: ProxyFault.Effect {
        switch self {
        case .beforeIt: .hold(600_000_000_000)
        case .afterIt: .holdAnswer(600_000_000_000)
        }
      }
    }

    /// A repository with one snapshot, and a dump that shares half of it and fills several packs.
    private struct Scene {
      let base: Cloud
      let old: [UInt8]
      let first: String
      let new: (path: String, bytes: [UInt8])

      init(_ server: S3Server) throws {
        base = try Cloud(in: try S3Bucket(on: server))
        let file = try base.file("old", (1, 4 << 20))
        try base.backUp(file.path)
        old = file.bytes
        first = try #require(try base.snapshots().first)
        new = try base.file("new", (1, 2 << 20), (2, 19 << 20))
      }

      /// Everything that must hold after a death.
      func examine(_ cloud: Cloud, _ what: Comment) throws {
        #expect(try cloud.complaints() == "", what)
        #expect(try cloud.dump(first) == old, what)
        let before = try cloud.snapshots()
        #expect(before.contains(first) && before.count <= 2, what)
        try cloud.backUp(new.path)
        #expect(try cloud.dump() == new.bytes, what)
        let after = try cloud.snapshots()
        #expect(after.count == before.count + 1, what)
        #expect(try cloud.complaints() == "", what)
      }
    }

    @Test("by kill -9 at any request: what was there stays whole, and the next run succeeds")
    func everyRequest() throws {
      guard let server = try S3Server.ceph() else { return }
      let scene = try Scene(server)
      let proxy = try FaultProxy(before: server.port)
      let access = Cloud.Access(endpoint: proxy.endpoint)
      let calm = try Cloud(copying: scene.base, to: "calm")
      try calm.backUp(scene.new.path, access)
      let requests = proxy.requests.count
      #expect(requests > 8)
      var met = 0
      for request in 1...requests {
        let endings: [Ending] = Product.isLong ? [.beforeIt, .afterIt] : [request % 2 == 0 ? .beforeIt : .afterIt]
        for ending in endings {
          let cloud = try Cloud(copying: scene.base, to: "crash-\(request)-\(ending)")
          proxy.play([ProxyFault(ending.effect, first: request, count: 1)])
          let run = try cloud.start(Cloud.backup(scene.new.path), as: "writer", access)
          try eventually("request \(request) is met") { proxy.happened == [1] || run.hasEnded }
          // What several threads send at the end may be one request fewer in one run than in another.
          let isMet = proxy.happened == [1]
          met += isMet ? 1 : 0
          run.signal(SIGKILL)
          #expect(run.wait() == (isMet ? -SIGKILL : 0), "\(run.output)\(run.errors)")
          proxy.play([])
          try scene.examine(cloud, "killed at request \(request) of \(requests), \(ending.rawValue)")
        }
      }
      #expect(met >= requests - 2)
      Files.say("kill -9 at \(met) requests of a run of \(requests)")
    }

    @Test("by kill -9 at any moment: what was there stays whole, and the next run succeeds")
    func anyMoment() throws {
      guard let server = try S3Server.ceph() else { return }
      let scene = try Scene(server)
      let calm = try Cloud(copying: scene.base, to: "calm")
      let watch = Stopwatch()
      try calm.backUp(scene.new.path)
      let duration = Int(watch.nanoseconds / 1000)
      let kills = Product.isLong ? 50 : 5
      var deaths = 0
      for number in 0..<kills {
        let cloud = try Cloud(copying: scene.base, to: "kill-\(number)")
        let run = try cloud.start(Cloud.backup(scene.new.path), as: "writer")
        usleep(UInt32(duration * (2 * number + 1) / (2 * kills)))
        run.signal(SIGKILL)
        let status = run.wait()
        #expect(status == -SIGKILL || status == 0, "\(run.errors)")
        if status != 0 { deaths += 1 }
        try scene.examine(cloud, "killed by moment \(number)")
      }
      Files.say("kill -9 within \(duration / 1000) ms: \(deaths) of \(kills) runs had not ended")
      #expect(deaths >= kills / 4)
    }
  }
}
