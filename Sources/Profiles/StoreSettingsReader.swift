/// Reads a `store` group.
struct StoreSettingsReader {
  /// The longest lock: a century.
  private static let days = 1...36_500
  /// The slowest rate, in bytes a second: below it a transfer looks like one that has stalled.
  private static let slowest = ByteCount(1_024)
  /// The keys that mean something to a bucket alone, in the order in which they are read.
  private static let ofBuckets = [
    "endpoint", "region", "aws-profile", "addressing", "ca-file", "storage-class", "encryption", "lock",
    "conditional-puts", "retry-for",
  ]

  let section: Section
  /// The location of the store; nil where it could not be read.
  let location: String?

  func read() -> StoreSettings {
    var settings = StoreSettings()
    let isFolder = location.map { !StoreSettingsReader.isBucket($0) } ?? false
    if isFolder {
      for name in StoreSettingsReader.ofBuckets {
        section.field(name)?.problem("only a store at s3:// has this; a folder has upload-limit and download-limit")
      }
    } else {
      readBucket(&settings)
    }
    settings.uploadLimit = section.field("upload-limit", "bytes a second")?.rate(from: StoreSettingsReader.slowest)
    settings.downloadLimit = section.field("download-limit", "bytes a second")?.rate(from: StoreSettingsReader.slowest)
    section.end()
    return settings
  }

  /// Whether a location is a bucket's.
  static func isBucket(_ location: String) -> Bool { location.lowercased().hasPrefix("s3://") }

  private func readBucket(_ settings: inout StoreSettings) {
    settings.endpoint = section.field("endpoint", "https://host:port")?.endpoint()
    settings.region = section.field("region", "the store's region")?.region()
    settings.awsProfile = section.field("aws-profile", "a profile of the AWS tools whose credentials are used")?
      .text("the name of a profile of the AWS tools")
    settings.addressing = section.field("addressing", "where the bucket's name stands in an address")?
      .choice([("path", .path), ("virtual", .virtual)])
    settings.certificates = section.field("ca-file", "the certificates that alone are trusted, PEM")?.path()
    settings.storageClass = section.field("storage-class", "the storage class of new objects")?.storageClass()
    settings.encryption = section.field("encryption", "how the store encrypts, on top of what lifeboat does")
      .flatMap(StoreSettingsReader.encryption)
    settings.lock = section.field("lock", "for how long a new object can be neither replaced nor deleted")?
      .section("{mode: …, days: …}").flatMap(StoreSettingsReader.lock)
    settings.hasConditionalPuts = section.field(
      "conditional-puts", "whether the store refuses to replace an object when asked to")?.truth()
    settings.retryFor = section.field("retry-for", "for how long calls that fail are tried again")?.seconds()
  }

  private static func encryption(_ field: Field) -> StoreSettings.Encryption? {
    field.either(group: { field.section().flatMap(keyed) }) { field.choice([("s3", .s3), ("kms", .kms(key: nil))]) }
  }

  /// An encryption with a key that somebody names.
  private static func keyed(_ section: Section) -> StoreSettings.Encryption? {
    let readers: [(name: String, about: String, read: (Field) -> StoreSettings.Encryption?)] = [
      ("kms", "a key of the store's key service", { $0.encryptionKey().map { .kms(key: $0) } }),
      ("customer", "a key of our own, 32 bytes in Base64", customer),
    ]
    let encryption = section.exactlyOne(readers, "s3, kms, {kms: …} or {customer: …} is expected")
    section.end()
    return encryption
  }

  private static func customer(_ field: Field) -> StoreSettings.Encryption? {
    field.section(SecretReference.expected)?.secretReference().map { .customer($0) }
  }

  private static func lock(_ section: Section) -> StoreSettings.Lock? {
    let mode: StoreSettings.Lock.Mode? = section.required("mode", "governance or compliance")?.choice([
      ("governance", .governance), ("compliance", .compliance),
    ])
    let days = section.required("days", "a number of days")?.integer(StoreSettingsReader.days)
    section.end()
    guard let mode, let days else { return nil }
    return StoreSettings.Lock(mode: mode, days: days)
  }
}

/// Reads the `copies` of a profile.
enum CopiesReader {
  /// - Parameter repository: the location that they are copies of; nil where it could not be read
  static func read(_ field: Field, of repository: String?) -> [CopySettings] {
    guard let items = field.items("a list of locations") else { return [] }
    var copies: [CopySettings] = []
    for item in items {
      guard let copy = read(item: item) else { continue }
      if copy.location == repository { item.problem("this is the repository itself") }
      if copies.contains(where: { $0.location == copy.location }) { item.problem("this copy is named already") }
      copies.append(copy)
    }
    return copies
  }

  /// A location, or a group of one and its settings.
  private static func read(item: Field) -> CopySettings? {
    item.either(group: { item.section().flatMap(group) }) { item.repository().map { CopySettings(location: $0) } }
  }

  private static func group(_ section: Section) -> CopySettings? {
    let location = section.required("location", Words.repository)?.repository()
    let store = section.field("store", "how its store is reached")?.section().map {
      StoreSettingsReader(section: $0, location: location).read()
    }
    section.end()
    return location.map { CopySettings(location: $0, store: store ?? StoreSettings()) }
  }
}

extension Field {
  /// The address of a server. What is wrong with it is not repeated: a password could stand in it.
  fileprivate func endpoint() -> String? {
    guard let text = text("an address") else { return nil }
    let scheme = ["https://", "http://"].first { text.lowercased().hasPrefix($0) }
    let host = text.dropFirst(scheme?.count ?? 0)
    let isPlain = host.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f && $0 != 0x40 && $0 != 0x3f && $0 != 0x23 }
    guard scheme != nil, isPlain, let first = host.first, first != "/", first != ":" else {
      problem("an address such as https://host:port is expected, without a user's name or a password")
      return nil
    }
    return text
  }

  fileprivate func region() -> String? {
    value("the name of a region such as eu-central-1", shown: { $0 }) { text in
      Words.isPlain(text, also: "-_") && text.utf8.count <= 64 ? text : nil
    }
  }

  fileprivate func storageClass() -> String? {
    value("a storage class such as STANDARD_IA", shown: { $0 }) { text in
      Words.isPlain(text, also: "-_") && text.utf8.count <= 64 ? text : nil
    }
  }

  /// The id or the ARN of a key.
  fileprivate func encryptionKey() -> String? {
    value("the id or the ARN of a key", shown: { $0 }) { text in
      Words.isPlain(text, also: "-_:/") && text.utf8.count <= 2_048 ? text : nil
    }
  }

  /// Bytes a second; `/s` may be left out.
  fileprivate func rate(from least: ByteCount) -> ByteCount? {
    value("a rate such as 10MiB/s, and not below \(least.text)/s", shown: { "\($0.text)/s" }) { text in
      let size = text.hasSuffix("/s") ? String(text.dropLast(2)) : text
      return ByteCount(size).flatMap { $0 >= least ? $0 : nil }
    }
  }
}
