package import Bytes
package import Engine
import Glibc
package import Profiles
import Store
import StoreS3

/// Where the objects of a repository lie, with all that leads there but credentials.
package struct KitPlace: Sendable, Equatable {
  /// The folder, or `s3://bucket/prefix`.
  package let location: String
  package let isBucket: Bool
  /// `https://host:port`; nil for a folder.
  package let endpoint: String?
  package let region: String?
  /// Whether the bucket's name stands in the path; nil where the endpoint decides.
  package let isPathStyle: Bool?
  /// The certificates that alone are trusted, PEM.
  package let certificates: String?
  /// The AWS profile whose credentials are used.
  package let awsProfile: String?
  /// Where the key is that objects are encrypted with on top of what lifeboat does.
  package let customerKey: SecretReference?

  /// - Parameters:
  ///   - address: as it is used now
  ///   - surroundings: where endpoint and region are found that the address leaves open
  /// - Throws: `usage` for settings that mean nothing
  package init(_ address: StoreAddress, in surroundings: StoreSurroundings) throws(Failure) {
    let settings = address.settings
    switch address.location {
    case .local(let path):
      location = KitPlace.absolute(path)
      (isBucket, endpoint, region) = (false, nil, nil)
    case .s3:
      let bucket = try StoreOpening.bucket(address, in: surroundings).settings
      location = address.location.text
      isBucket = true
      endpoint = bucket.endpoint.url
      region = bucket.region
    }
    isPathStyle = settings.addressing.map { $0 == .path }
    certificates =
      address.location.isLocal
      ? nil : settings.certificates ?? surroundings.environment["AWS_CA_BUNDLE"].flatMap { $0.isEmpty ? nil : $0 }
    awsProfile = settings.awsProfile ?? surroundings.environment["AWS_PROFILE"].flatMap { $0.isEmpty ? nil : $0 }
    if case .customer(let reference) = settings.encryption { customerKey = reference } else { customerKey = nil }
  }

  /// What the place is, on one line.
  package var text: String {
    var parts = [location]
    if let endpoint { parts.append("at \(endpoint)") }
    if let region { parts.append("region \(region)") }
    if let certificates { parts.append("trusted by \(certificates)") }
    return parts.joined(separator: ", ")
  }

  /// A page is read elsewhere, where no path starts in the folder of today.
  static func absolute(_ path: String) -> String {
    guard let raw = realpath(path, nil) else { return path }
    defer { free(raw) }
    return String(cString: raw)
  }

  /// The group `store` of a profile, as one line of YAML; nil where there is nothing to say.
  ///
  /// - Parameter isWhole: with what variables say where there are none: endpoint and region
  func yaml(isWhole: Bool) -> String? {
    guard isBucket else { return nil }
    var members: [(String, JSONText)] = []
    if isWhole, let endpoint { members.append(("endpoint", .text(KitPlace.literal(endpoint)))) }
    if isWhole, let region { members.append(("region", .text(KitPlace.literal(region)))) }
    if isWhole, let certificates { members.append(("ca-file", .text(KitPlace.literal(certificates)))) }
    if isWhole, let awsProfile { members.append(("aws-profile", .text(KitPlace.literal(awsProfile)))) }
    if let isPathStyle { members.append(("addressing", .text(isPathStyle ? "path" : "virtual"))) }
    if let customerKey { members.append(("encryption", .object([("customer", KitPlace.tree(customerKey))]))) }
    return members.isEmpty ? nil : JSONText.object(members).encoded
  }

  private static func tree(_ reference: SecretReference) -> JSONText {
    switch reference {
    case .file(let path): .object([("file", .text(literal(path)))])
    case .command(let words): .object([("command", .list(words.map { .text(literal($0)) }))])
    case .environment(let name): .object([("environment", .text(name))])
    case .credential(let name): .object([("credential", .text(name))])
    }
  }

  /// A text in which a profile sees no variable.
  static func literal(_ text: String) -> String {
    text.split(separator: "${", omittingEmptySubsequences: false).joined(separator: "$${")
  }
}
