import Profiles
import TestKit
import Testing

@Suite("The examples of the repository")
struct ExamplesTests {
  @Test("are profiles without a mistake, each named like its component")
  func profiles() throws {
    let names = Files.names(in: "\(Checkout.root)/profiles").filter { $0.hasSuffix(".yaml") }
    #expect(names.count >= 3)
    for name in names {
      let profile = try Profile.load("\(Checkout.root)/profiles/\(name)")
      #expect("\(profile.component).yaml" == name)
    }
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
