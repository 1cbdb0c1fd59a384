import Glibc
import TestKit
import Testing

@Suite("The house")
struct HouseTests {
  @Test("this package keeps its own rules")
  func holds() throws {
    let manifest = try Checkout.text("Package.swift")
    let files = try Files.tree("\(Checkout.root)/Sources").filter { $0.hasSuffix(".swift") }.map { path in
      let target = String(path.prefix { $0 != "/" })
      return House.File(target: target, path: "Sources/\(path)", text: try Checkout.text("Sources/\(path)"))
    }
    #expect(files.count > 10)
    #expect(House.targets(of: manifest).contains { $0.name == "Store" && $0.dependencies.contains("Pipeline") })
    #expect(House.problems(manifest: manifest, files: files) == [])
  }

  private let manifest = """
    let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
    let house: [Target] = [
      .systemLibrary(name: "CSodium", pkgConfig: "libsodium", providers: [.apt(["libsodium-dev"])]),
      .target(name: "Bytes"),
      .target(name: "Pipeline", dependencies: ["Bytes"]),  // .target(name: "Comment", dependencies: ["Bytes"])
      .target(
        name: "Cryptography",
        dependencies: ["Bytes", "CSodium", crypto]),
      .executableTarget(name: "lifeboat", dependencies: ["Pipeline"]),
      .target(name: "TestKit", dependencies: ["Bytes"], path: "Tests/TestKit"),
      .testTarget(name: "BytesTests", dependencies: ["Bytes", "TestKit"]),
    ]
    """

  private func problems(_ target: String, _ text: String) -> [String] {
    House.problems(manifest: manifest, files: [House.File(target: target, path: "a.swift", text: text)])
  }

  @Test("the manifest is understood")
  func understands() {
    let targets = House.targets(of: manifest)
    #expect(
      Set(targets.map(\.name)) == ["CSodium", "Bytes", "Pipeline", "Cryptography", "lifeboat", "TestKit", "BytesTests"])
    #expect(targets.first { $0.name == "Cryptography" }?.dependencies == ["Bytes", "CSodium"])
    #expect(targets.filter(\.isTest).map(\.name).sorted() == ["BytesTests", "TestKit"])
    #expect(House.problems(manifest: manifest, files: []) == [])
  }

  @Test(
    "an allowed import is allowed",
    arguments: ["import Bytes", "package import Bytes", "import Glibc\nimport FoundationEssentials"])
  func allowed(text: String) {
    #expect(problems("Pipeline", text) == [])
  }

  @Test("an import of a higher or the same floor is found")
  func upward() {
    #expect(problems("Bytes", "import Pipeline").contains { $0.contains("Bytes (0) imports Pipeline (1)") })
    #expect(problems("Bytes", "import CSodium").contains { $0.contains("imports CSodium (0)") })
    #expect(problems("Pipeline", "import lifeboat").contains { $0.contains("imports lifeboat (9)") })
    #expect(problems("Cryptography", "import Store").contains { $0.contains("imports Store (2)") })
  }

  @Test("an upward or level arrow in the manifest is found, and one to test code")
  func upwardManifest() {
    for (good, bad) in [
      (#"name: "Bytes""#, #"name: "Bytes", dependencies: ["Pipeline"]"#),
      (#"name: "Pipeline", dependencies: ["Bytes"]"#, #"name: "Pipeline", dependencies: ["Bytes", "TestKit"]"#),
      (#"name: "Pipeline", dependencies: ["Bytes"]"#, #"name: "Pipeline", dependencies: ["Bytes", "Cryptography"]"#),
      (#"name: "Pipeline""#, #"name: "Utilities""#),
    ] {
      let changed = manifest.split(separator: good, maxSplits: 1, omittingEmptySubsequences: false).joined(
        separator: bad)
      #expect(House.problems(manifest: changed, files: []).count == 1, "\(bad)")
    }
  }

  @Test(
    "Foundation is found behind every spelling",
    arguments: [
      "import Foundation", "package import Foundation", "@preconcurrency import Foundation",
      "@_exported public import Foundation", "import struct Foundation.Date",
      "internal import class Foundation.NSString",
      "import Foundation.NSDate", "import Glibc; import Foundation", "import\n  Foundation", "import `Foundation`",
      "#if canImport(Foundation)\n  import Foundation\n#endif", "import /* really */ Foundation",
      "import FoundationNetworking",
      "let a = \"/*\"\nimport Foundation\nlet b = \"*/\"", "@_implementationOnly\nimport Foundation",
      "\timport\tFoundation // no",
      "let a = #\"\\\"#\nimport Foundation", "/* a /* b */ c */ import Foundation",
    ])
  func foundation(text: String) {
    #expect(problems("lifeboat", text).count == 1)
    #expect(problems("Pipeline", text).count == 1)
  }

  @Test(
    "what only looks like an import is none",
    arguments: [
      "// import Foundation", "/* import Foundation */", "let a = \"import Foundation\"",
      "let a = \"\"\"\n  import Foundation\n  \"\"\"", "let a = #\"\" import Foundation\"#",
      "/* /* */ import Foundation */",
      "func important() {}", "let imports = 1",
    ])
  func lookalikes(text: String) {
    #expect(problems("Pipeline", text) == [])
  }

  @Test(
    "test code and a second kind of threads are found",
    arguments: ["Testing", "XCTest", "TestKit", "BytesTests", "Dispatch"])
  func banned(module: String) {
    #expect(problems("lifeboat", "import \(module)").count == 1)
  }

  @Test("a second importer of a system library is found, a second file of the same target is not")
  func secondImporter() {
    let first = House.File(target: "Cryptography", path: "a.swift", text: "import CSodium")
    let same = House.File(target: "Cryptography", path: "b.swift", text: "import CSodium")
    let second = House.File(target: "Pipeline", path: "c.swift", text: "import CSodium")
    #expect(House.problems(manifest: manifest, files: [first, same]) == [])
    #expect(
      House.problems(manifest: manifest, files: [first, second]).contains(
        "CSodium is imported by Cryptography and Pipeline"))
  }

  @Test("a module that is not declared, and a folder without a floor, are found")
  func undeclared() {
    #expect(problems("lifeboat", "import Bytes") == ["a.swift: Bytes is not a declared dependency"])
    #expect(problems("Utilities", "") == ["a.swift: Utilities has no floor"])
  }
}
