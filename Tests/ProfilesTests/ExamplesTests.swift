import Profiles
import TestKit
import Testing

@Suite("The examples of the repository")
struct ExamplesTests {
  @Test("are profiles without a mistake, each named like its component")
  func profiles() throws {
    let names = Files.names(in: "\(Checkout.root)/profiles").filter { $0.hasSuffix(".yaml") }
    var kinds: Set<String> = []
    var bases: [String] = []
    for name in names {
      guard let profile = try Profile.check("\(Checkout.root)/profiles/\(name)") else {
        bases.append(name)
        continue
      }
      #expect("\(profile.component).yaml" == name)
      kinds.insert(profile.source.kind)
    }
    #expect(bases == ["site.yaml"])
    #expect(kinds == ["postgresql", "mariadb", "redis", "sqlite", "directory", "command"])
  }

  @Test("show how one profile extends another, from any folder")
  func extends() throws {
    let profile = try Profile.load("\(Checkout.root)/profiles/orders.yaml", folders: [])
    guard case .postgresql(let settings) = profile.source else {
      Issue.record("not of PostgreSQL")
      return
    }
    #expect(settings.databases == ["orders"])
    #expect(settings.server.host == "db.example")
    #expect(settings.server.password == .command(["pass", "show", "db/lifeboat"]))
    #expect(settings.server.tls.mode == .verifyFull)
    #expect(profile.objectives == Objectives(recoveryTime: Seconds(900), recoveryPoint: Seconds(86_400)))
  }

  @Test("are drills without a mistake, each with a check that looks at the data")
  func drills() throws {
    let names = Files.names(in: "\(Checkout.root)/drills").filter { $0.hasSuffix(".yaml") }
    #expect(!names.isEmpty)
    for name in names {
      let drill = try Drill.load("\(Checkout.root)/drills/\(name)")
      #expect(drill.checks.contains { $0.looksAtData })
    }
  }
}
