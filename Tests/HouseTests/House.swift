/// The walls of the house: which module lies on which floor, and what may not come in at all.
struct House {
  /// A floor imports only lower floors.
  static let floors: [String: Int] = [
    "lifeboat": 9, "Command": 8, "Operations": 7, "Drills": 6, "Engine": 5, "Repository": 4, "Format": 3,
    "StoreS3": 3, "Databases": 3, "Chunking": 2, "Compression": 2, "Cryptography": 2, "Store": 2, "Profiles": 2,
    "Pipeline": 1, "Bytes": 0, "CBlake2": 0, "CLinux": 0, "CSodium": 0, "CZstd": 0, "CCurl": 0,
  ]

  /// C modules: each is imported by one Swift target only.
  static let systemModules: Set = ["CBlake2", "CLinux", "CSodium", "CZstd", "CCurl"]

  /// One target as the manifest declares it.
  struct Target: Equatable {
    var name: String
    var isTest: Bool
    var dependencies: [String]
  }

  /// A source file of a target.
  struct File {
    var target: String
    var path: String
    var text: String
  }

  /// Everything that is wrong, one line each.
  static func problems(manifest: String, files: [File]) -> [String] {
    let targets = targets(of: manifest)
    return manifestProblems(targets) + files.flatMap { fileProblems($0, targets) } + doubleImporters(files)
  }

  /// The targets of a manifest, read as text.
  static func targets(of manifest: String) -> [Target] {
    let text = SourceText.code(of: manifest, keepingStrings: true)
    var targets: [Target] = []
    for kind in [".target(", ".executableTarget(", ".testTarget(", ".systemLibrary("] {
      for part in text.split(separator: kind, omittingEmptySubsequences: false).dropFirst() {
        let body = balanced(part)
        guard let name = strings(after: "name:", in: body, until: ",").first else { continue }
        let dependencies = strings(after: "dependencies:", in: body, until: "]")
        let isTest = kind == ".testTarget(" || body.contains("path: \"Tests/")
        targets.append(Target(name: name, isTest: isTest, dependencies: dependencies))
      }
    }
    return targets
  }

  private static func manifestProblems(_ targets: [Target]) -> [String] {
    var problems: [String] = []
    let tests = Set(targets.filter(\.isTest).map(\.name))
    for target in targets where !target.isTest {
      guard let floor = floors[target.name] else {
        problems.append("Package.swift: \(target.name) has no floor")
        continue
      }
      for dependency in target.dependencies {
        if tests.contains(dependency) {
          problems.append("Package.swift: \(target.name) depends on test code, \(dependency)")
        } else if let other = floors[dependency], other >= floor {
          problems.append("Package.swift: \(target.name) (\(floor)) depends on \(dependency) (\(other))")
        }
      }
    }
    return problems
  }

  private static func fileProblems(_ file: File, _ targets: [Target]) -> [String] {
    guard let floor = floors[file.target] else { return ["\(file.path): \(file.target) has no floor"] }
    let declared = targets.first { $0.name == file.target }?.dependencies ?? []
    var problems: [String] = []
    for module in SourceText.imports(of: file.text) {
      if let other = floors[module] {
        if other >= floor { problems.append("\(file.path): \(file.target) (\(floor)) imports \(module) (\(other))") }
        if !declared.contains(module) { problems.append("\(file.path): \(module) is not a declared dependency") }
      } else if let reason = ban(on: module) {
        problems.append("\(file.path): imports \(module), \(reason)")
      }
    }
    return problems
  }

  /// Why a module may not be imported; nil if it may.
  private static func ban(on module: String) -> String? {
    switch module {
    case "FoundationEssentials": nil
    case _ where module.hasPrefix("Foundation") || module.hasPrefix("_Foundation"):
      "which costs tens of megabytes and has a second way for everything"
    case "Dispatch": "a second kind of threads"
    case "Testing", "XCTest", "TestKit": "test code in the product"
    case _ where module.hasSuffix("Tests"): "test code in the product"
    default: nil
    }
  }

  private static func doubleImporters(_ files: [File]) -> [String] {
    var importers: [String: Set<String>] = [:]
    for file in files {
      for module in SourceText.imports(of: file.text) where systemModules.contains(module) {
        importers[module, default: []].insert(file.target)
      }
    }
    return importers.filter { $0.value.count > 1 }
      .map { "\($0.key) is imported by \($0.value.sorted().joined(separator: " and "))" }.sorted()
  }

  /// The text up to the bracket that closes what has been opened just before it.
  private static func balanced(_ text: Substring) -> Substring {
    var depth = 1
    for index in text.indices {
      if text[index] == "(" { depth += 1 }
      if text[index] == ")" { depth -= 1 }
      if depth == 0 { return text[..<index] }
    }
    return text
  }

  private static func strings(after label: String, in text: Substring, until end: Character) -> [String] {
    let parts = text.split(separator: label, maxSplits: 1, omittingEmptySubsequences: false)
    guard parts.count == 2 else { return [] }
    let quoted = parts[1].prefix { $0 != end }.split(separator: "\"", omittingEmptySubsequences: false)
    return quoted.enumerated().filter { $0.offset % 2 == 1 }.map { String($0.element) }
  }
}
