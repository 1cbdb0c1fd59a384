import ArgumentParser
import Bytes
import Engine
import Profiles
import Store
import StoreS3

/// `lifeboat store check`: measures a bucket, and what the credentials at hand may do in it.
///
/// JSON: one `storeCheck` with `store`, `endpoint`, `region`, `server`, `accessKey`, `source` (of the credentials),
/// `findings` (objects with `topic`, `name`, `result`: `yes`, `no`, `unclear`, `untried`, and `detail`), `rates` (objects
/// with `kind`: `put`, `get`, `size` in bytes, `threads`, `count`, `bytesPerSecond`, `medianMicroseconds`), `verdicts`
/// (objects with `weight`: `good`, `note`, `warning`, `unfit`, and `text`), `left` and `folder`: how many of its objects
/// the check could not remove, and where they are.
struct StoreCheckCommand: LifeboatCommand {
  static let configuration = CommandConfiguration(
    commandName: "check", abstract: "Measure a bucket: what it does, and what these credentials may do in it.",
    discussion: """
      Everything is tried on objects that the check has just written itself, in a folder of their own with a random \
      name, and they are removed afterwards as far as these credentials may. Needs no key file. Run it with the \
      credentials of the host that writes backups to see what somebody could do who took that host over; such \
      credentials may write below their writer's folder only: name the writer with --writer.

      Exit status 0 if lifeboat can work with the store, 1 if something that should protect the data is missing, 10 if \
      the store does not do what lifeboat relies on.
      """)

  @Argument(help: "The bucket: s3://bucket/prefix. Default: LIFEBOAT_REPOSITORY, or what --profile says.")
  var location: String?

  @Option(
    help: "The component or the path of the profile that says where the repository is, and the way to its store.",
    completion: .file())
  var profile: String?

  @Option(help: "Write below the packs of this writer, by its id: for credentials that may nowhere else.")
  var writer: String?

  @Option(help: "With how many objects listing is tried.")
  var keys: Int?

  @Flag(help: "Leave out what takes long: the listing of many objects, and the speed.")
  var quick = false

  @Flag(
    help: """
      Also try what leaves objects behind that these credentials cannot remove: some 300 MB, and a thousand small ones.
      """)
  var leaveObjects = false

  @OptionGroup var output: OutputOptions

  func run(in context: RunContext) throws(Failure) {
    let request = try request()
    let (settings, credentials) = try StoreOpening.bucket(try address(in: context), in: context.surroundings)
    let report = try StoreCheck.run(
      settings, credentials: credentials, request, stop: context.stop, notices: { _ in },
      onStep: { context.events(.step($0)) })
    StoreCheckText.say(report, in: context)
    if let unfit = report.verdicts.first(where: { $0.weight == .unfit }) {
      throw Failure(
        .unproven, "the store does not do what lifeboat relies on", at: report.store,
        next: "See the table above. \(unfit.text)")
    }
    if report.verdicts.contains(where: { $0.weight == .warning }) { context.noteWarning() }
  }

  private func request() throws(Failure) -> StoreCheckRequest {
    var request = StoreCheckRequest()
    try OptionRange.check(keys, "--keys", 1...1_000_000)
    if let keys { request.keys = keys }
    request.isQuick = quick
    request.mayLeaveObjects = leaveObjects
    if let writer {
      guard let identifier = Identifier(hex: writer) else {
        throw Failure(
          .usage, "\(writer) is no writer's id", at: "--writer",
          next: "Give 32 digits, as lifeboat key list --json shows them.")
      }
      request.folder = StoreCheckRequest.folder(ofWriter: identifier)
    }
    return request
  }

  private func address(in context: RunContext) throws(Failure) -> StoreAddress {
    let told = try (location ?? context.value("LIFEBOAT_REPOSITORY")).map { (text) throws(Failure) in
      try StoreLocation(text)
    }
    let said = try profile.map { (word) throws(Failure) in
      AddressHints(try Profile.load(try Lookup.profile(word)))
    }
    guard told != nil || said?.repository.isEmpty == false else {
      throw Failure(
        .usage, "no bucket is named", at: "command line",
        next: "Give s3://bucket/prefix, or --profile, or set LIFEBOAT_REPOSITORY.")
    }
    return try RepositoryOptions.stores(told, said).store
  }
}
