// swift-tools-version: 6.2
// The walls of the house: one target a wall, a floor imports only lower floors (Tests/HouseTests holds it).
import PackageDescription

let settings: [SwiftSetting] =
  [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
  ] + (Context.environment["CI"] == nil ? [] : [.treatAllWarnings(as: .error)])

/// A release is one file that runs on a machine without a toolchain. Only its link is static, for Swift Testing has
/// no static form and tests share the build; the driver then has to be told what the static Foundation needs.
let staticRuntime = [
  "-static-stdlib", "-lCoreFoundation", "-l_FoundationICU", "-l_FoundationCollections", "-l_FoundationCShims",
  "-lstdc++",
]

let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let yams = Target.Dependency.product(name: "Yams", package: "Yams")
let arguments = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")

/// Every target of the product, floor by floor, lowest first.
let house: [Target] = [
  .systemLibrary(name: "CLinux"),
  .target(name: "CBlake2"),
  .systemLibrary(name: "CSodium", pkgConfig: "libsodium", providers: [.apt(["libsodium-dev"])]),
  .systemLibrary(name: "CZstd", pkgConfig: "libzstd", providers: [.apt(["libzstd-dev"])]),
  .systemLibrary(name: "CCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),
  .target(name: "Bytes"),
  .target(name: "Pipeline", dependencies: ["Bytes", "CLinux"]),
  .target(name: "Chunking", dependencies: ["Bytes"]),
  .target(name: "Compression", dependencies: ["Bytes", "CZstd"]),
  .target(name: "Cryptography", dependencies: ["Bytes", "CBlake2", "CSodium", crypto]),
  .target(name: "Store", dependencies: ["Bytes", "Pipeline"]),
  .target(name: "Profiles", dependencies: ["Bytes", yams]),
  .target(
    name: "Format", dependencies: ["Bytes", "Cryptography"],
    resources: [.embedInCode("Rescue")]),
  .target(name: "StoreS3", dependencies: ["Bytes", "Pipeline", "Cryptography", "Store", "Profiles", "CCurl"]),
  .target(name: "Databases", dependencies: ["Bytes", "Pipeline", "Cryptography", "Profiles"]),
  .target(
    name: "Repository",
    dependencies: ["Bytes", "Pipeline", "Chunking", "Compression", "Cryptography", "Store", "Format"]),
  .target(
    name: "Engine",
    dependencies: [
      "Bytes", "Pipeline", "Chunking", "Cryptography", "Store", "StoreS3", "Profiles", "Format", "Databases",
      "Repository",
    ]),
  .target(
    name: "Drills",
    dependencies: [
      "Bytes", "Pipeline", "Cryptography", "Store", "StoreS3", "Profiles", "Format", "Databases", "Repository",
      "Engine",
    ]),
  .target(
    name: "Command",
    dependencies: [
      "Bytes", "Pipeline", "Cryptography", "Store", "StoreS3", "Profiles", "Format", "Databases", "Repository",
      "Engine", "Drills", arguments,
    ]),
  .executableTarget(
    name: "lifeboat", dependencies: ["Command"],
    linkerSettings: [.unsafeFlags(staticRuntime, .when(configuration: .release))]),
]

/// What the tests share, one test target for each wall that has something to test, and what the benchmarks measure with.
let tests: [Target] = [
  .target(name: "TestKit", dependencies: ["Bytes", "Pipeline", "Store"], path: "Tests/TestKit"),
  .target(name: "FaultProxy", dependencies: ["Bytes", "Pipeline"], path: "Tests/FaultProxy"),
  .executableTarget(name: "Proxy", dependencies: ["FaultProxy"], path: "Tests/Benchmarks/Proxy"),
  .executableTarget(
    name: "Stages", dependencies: ["Bytes", "Chunking", "Compression", "Cryptography"],
    path: "Tests/Benchmarks/Stages"),
  .testTarget(name: "HouseTests", dependencies: ["TestKit"]),
  .testTarget(name: "FaultProxyTests", dependencies: ["FaultProxy", "Pipeline", "Bytes", "TestKit"]),
  .testTarget(name: "BytesTests", dependencies: ["Bytes", "TestKit"]),
  .testTarget(name: "PipelineTests", dependencies: ["Pipeline", "Bytes", "TestKit"]),
  .testTarget(name: "ChunkingTests", dependencies: ["Chunking", "Bytes", "TestKit"]),
  .testTarget(name: "CompressionTests", dependencies: ["Compression", "Bytes", "TestKit"]),
  .testTarget(name: "CryptographyTests", dependencies: ["Cryptography", "Bytes", "TestKit"]),
  .testTarget(name: "StoreTests", dependencies: ["Store", "Bytes", "Pipeline", "TestKit"]),
  .testTarget(
    name: "StoreS3Tests",
    dependencies: ["StoreS3", "Store", "Cryptography", "Profiles", "Pipeline", "Bytes", "FaultProxy", "TestKit"]),
  .testTarget(name: "ProfilesTests", dependencies: ["Profiles", "Bytes", "TestKit", yams]),
  .testTarget(name: "RescueTests", dependencies: ["Bytes", "TestKit"], exclude: ["Golden", "make-golden"]),
  .testTarget(name: "FormatTests", dependencies: ["Format", "Cryptography", "Bytes", "TestKit"]),
  .testTarget(
    name: "RepositoryTests",
    dependencies: [
      "Repository", "Format", "Cryptography", "Store", "Chunking", "Compression", "Pipeline", "Bytes", "TestKit",
    ]),
  .executableTarget(
    name: "IndexBenchmark", dependencies: ["Repository", "Format", "Cryptography", "Store", "Bytes"],
    path: "Tests/Benchmarks/Index"),
  .testTarget(
    name: "DatabasesTests", dependencies: ["Databases", "Pipeline", "Cryptography", "Profiles", "Bytes", "TestKit"]),
  .testTarget(
    name: "EngineTests",
    dependencies: [
      "Engine", "Repository", "Databases", "Profiles", "Format", "Store", "StoreS3", "Cryptography", "Pipeline",
      "Bytes", "TestKit",
    ]),
  .testTarget(
    name: "DrillsTests",
    dependencies: [
      "Drills", "Engine", "Repository", "Databases", "Format", "Profiles", "Store", "Cryptography", "Pipeline", "Bytes",
      "TestKit",
    ]),
  .testTarget(name: "AcceptanceTests", dependencies: ["FaultProxy", "Pipeline", "Bytes", "TestKit"]),
  .testTarget(
    name: "CommandTests",
    dependencies: ["Command", "Engine", "Profiles", "Store", "Cryptography", "Bytes", "TestKit"]),
]

let package = Package(
  name: "lifeboat",
  products: [.executable(name: "lifeboat", targets: ["lifeboat"])],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
  ],
  targets: house + tests)

for target in package.targets where target.type != .system {
  target.swiftSettings = settings
}
