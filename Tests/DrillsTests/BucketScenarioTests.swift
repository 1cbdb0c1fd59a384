import Bytes
import Drills
import Format
import Glibc
import TestKit
import Testing

@Suite("A drill under a scenario, from a bucket")
struct BucketScenarioTests {
  /// A bench whose repository lies in a bucket, too.
  private struct Scene {
    let bench: Bench
    let bucket: S3Bucket
    let copy: String

    init?() throws {
      guard let server = try S3Server.ceph() else { return nil }
      bench = try Bench()
      try bench.grow(megabytes: 4)
      try bench.backUp()
      bucket = try S3Bucket(on: server)
      copy = try bench.copyRepository()
      for path in Files.tree(copy) {
        try bucket.put("backup/\(path)", try Files.read("\(copy)/\(path)"))
      }
    }

    func run(_ faults: String, copies: [String] = []) throws -> DrillReport {
      let variables = bucket.server.variables()
      return try bench.rehearse(
        try bench.drill(faults: faults), copies: copies, at: bucket.location("backup"), variables: variables)
    }
  }

  @Test("the store's own faults are come through by itself, and counted")
  func automatic() throws {
    guard let scene = try Scene() else { return }
    for faults in [
      "[throttling]", "[resets]", "[{stalls: {count: 2, for: 1s}}]", "[{slow-store: {latency: 5ms, bandwidth: 40 MB}}]",
    ] {
      let report = try scene.run(faults)
      #expect(report.record.verdict == .proven, "\(faults): \(report.checks)")
      #expect(report.scenario?.outcome == .automatic && report.fired.allSatisfy { $0 > 0 }, "\(faults)")
      #expect(scene.bench.leftovers == [])
    }
  }

  @Test("credentials that end half-way are refused by the store itself, and fetched again without anybody")
  func expired() throws {
    guard let scene = try Scene() else { return }
    let report = try scene.run("[expired-credentials]")
    #expect(report.record.verdict == .proven, "\(report.checks)")
    #expect(report.scenario?.outcome == .automatic && report.fired[0] > 0)
  }

  @Test("damaged and missing packs come from a copy, and so does everything where the bucket is lost")
  func copies() throws {
    guard let scene = try Scene() else { return }
    for fault in ["corrupt-pack", "missing-pack"] {
      let report = try scene.run("[\(fault)]", copies: [scene.copy])
      #expect(report.record.verdict == .proven, "\(fault): \(report.checks)")
      #expect(report.scenario?.outcome == .automatic && report.record.particulars?.origin == "primary, copy 1")
    }
    let lost = try scene.run("[store-lost]", copies: [scene.copy])
    #expect(lost.record.verdict == .proven && lost.scenario?.outcome == .runbook, "\(lost.checks)")
    #expect(lost.record.particulars?.origin == "copy 1")
  }
}
