import Bytes
import Cryptography
import Engine
import FoundationEssentials
import Pipeline
import Profiles
import Store
import StoreS3
import Synchronization
import TestKit
import Testing

@Suite("Opening a store")
struct StoreOpeningTests {
  private let folder = TemporaryFolder()

  private func bucket(
    _ change: (inout StoreSettings) -> Void = { _ in }, _ environment: [String: String] = [:]
  ) throws -> S3Settings {
    var settings = StoreSettings()
    change(&settings)
    let address = StoreAddress(.s3(bucket: "backups", prefix: "main"), settings)
    return try StoreOpening.bucket(address, in: StoreSurroundings(environment: environment)).settings
  }

  @Test("in a folder makes it only where that is wanted, and holds it to its limits")
  func local() throws {
    let path = folder.path("store")
    let error = #expect(throws: Failure.self) { try StoreOpening.open(StoreAddress(.local(path))) }
    #expect(error?.code == .storeMissing)
    #expect(try StoreOpening.open(StoreAddress(.local(path)), create: true) is LocalStore)
    var settings = StoreSettings()
    settings.uploadLimit = ByteCount(1 << 30)
    let limited = try StoreOpening.open(StoreAddress(.local(path), settings))
    #expect(limited is LimitedStore)
    #expect(limited.description == path)
    try limited.put(try StorePath(checking: "a"), [1, 2, 3])
    #expect(try limited.list("").count == 1)
  }

  @Test("in a bucket takes all that a profile says, and the rest from the environment")
  func settings() throws {
    try Files.write(folder.path("key"), Array(Data(repeating: 7, count: 32).base64EncodedString().utf8) + [0x0a])
    let key = folder.path("key")
    let settings = try bucket(
      {
        $0.endpoint = "https://s3.example:9000"
        $0.addressing = .virtual
        $0.certificates = "/etc/ca.pem"
        $0.storageClass = "STANDARD_IA"
        $0.encryption = .customer(.file(key))
        $0.lock = StoreSettings.Lock(mode: .compliance, days: 30)
        $0.hasConditionalPuts = false
        $0.uploadLimit = ByteCount(1 << 20)
        $0.downloadLimit = ByteCount(2 << 20)
      }, ["AWS_REGION": "here", "AWS_ENDPOINT_URL": "http://elsewhere"])
    #expect(settings.bucket == "backups" && settings.prefix == "main")
    #expect(settings.endpoint.url == "https://s3.example:9000" && !settings.endpoint.isPathStyle)
    #expect(settings.region == "here")
    #expect(settings.caFile == "/etc/ca.pem")
    #expect(settings.storageClass == "STANDARD_IA")
    #expect(settings.lock == S3Lock(mode: .compliance, seconds: 30 * 86_400))
    #expect(settings.writeOnce == .ignored)
    #expect(settings.uploadLimit?.bytesPerSecond == 1 << 20)
    #expect(settings.downloadLimit?.bytesPerSecond == 2 << 20)
    guard case .customer(let secret) = settings.encryption else {
      Issue.record("no key")
      return
    }
    #expect(secret.matches(Secret(copying: [UInt8](repeating: 7, count: 32))))
  }

  @Test("in a bucket leaves to the store what nobody says")
  func nothingSaid() throws {
    let settings = try bucket()
    #expect(settings.lock == nil && settings.storageClass == nil && settings.encryption == nil)
    #expect(settings.uploadLimit == nil && settings.downloadLimit == nil)
    #expect(settings.writeOnce == .unknown)
    #expect(settings.endpoint.url.contains("amazonaws.com"))
    #expect(try bucket { $0.hasConditionalPuts = true }.writeOnce == .honoured)
    if case .s3 = try bucket({ $0.encryption = .s3 }).encryption {} else { Issue.record("no SSE-S3") }
    if case .kms(key: "k") = try bucket({ $0.encryption = .kms(key: "k") }).encryption {
    } else {
      Issue.record("no SSE-KMS")
    }
  }

  @Test("with a key for its encryption that is none says so, and not what it is", arguments: ["", "c2hvcnQ=", "?"])
  func badKey(text: String) throws {
    try Files.write(folder.path("key"), Array(text.utf8))
    let error = #expect(throws: Failure.self) {
      try bucket { $0.encryption = .customer(.file(folder.path("key"))) }
    }
    #expect(error?.code == .keyInvalid)
    #expect(text.isEmpty || error?.description.contains(text) == false || text == "?")
  }

  @Test("in a bucket asks nothing of it; the first call waits as long as the profile says, and the stop ends that")
  func calls() throws {
    let stop = StopSignal()
    let reason = Failure(.interrupted, "enough")
    let notices = Mutex<[StoreNotice]>([])
    let surroundings = StoreSurroundings(
      environment: [
        "AWS_ENDPOINT_URL": "http://127.0.0.1:9", "AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b",
        "AWS_EC2_METADATA_DISABLED": "true",
      ], stop: stop
    ) { notice in
      notices.withLock { $0.append(notice) }
      if notices.withLock({ $0.count }) == 3 { stop.stop(because: reason) }
    }
    let store = try StoreOpening.open(StoreAddress(.s3(bucket: "backups", prefix: "")), in: surroundings)
    #expect(store is RetryingStore)
    #expect(store.description == "s3://backups")
    #expect(throws: reason) { try store.list("") }
    #expect(notices.withLock { $0.count } == 3)
    var once = StoreSettings()
    once.retryFor = Seconds(0)
    let error = #expect(throws: Failure.self) {
      try StoreOpening.open(
        StoreAddress(.s3(bucket: "backups", prefix: ""), once),
        in: StoreSurroundings(environment: surroundings.environment)
      ).list("")
    }
    #expect(error?.code == .storeUnavailable)
    #expect(error?.retry == nil)
  }

  @Test("what a store lacks is a warning, all else that it says an event of its own")
  func notices() {
    if case .warning("no locks") = Event(.degraded("no locks")) {} else { Issue.record("no warning") }
    if case .store(.resumed(after: 5)) = Event(.resumed(after: 5)) {} else { Issue.record("no event") }
  }
}
