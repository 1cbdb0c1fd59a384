package import Bytes
import Glibc
package import Pipeline

/// Works out where a store is and whose requests are sent to it, from what a profile says and what every AWS tool
/// looks at: variables, shared files, and the platform that this host runs on.
///
/// | setting | looked for in |
/// |---|---|
/// | endpoint | profile, `AWS_ENDPOINT_URL_S3`, `AWS_ENDPOINT_URL`, `services` and `endpoint_url` of the AWS profile, AWS |
/// | region | profile, `AWS_REGION`, `AWS_DEFAULT_REGION`, AWS profile, the endpoint's name, `us-east-1` |
/// | addressing | profile, `s3.addressing_style` of the AWS profile, what suits the endpoint |
/// | certificates | profile, `AWS_CA_BUNDLE`, `ca_bundle` of the AWS profile, the system's |
/// | credentials | environment, web identity, AWS profile, container, instance; with `aws-profile` that profile alone |
package struct S3Environment: Sendable {
  private let variables: [String: String]
  private let home: String

  /// - Parameters:
  ///   - variables: the environment
  ///   - home: the user's folder, which has `.aws`; nil for what `HOME` says
  package init(variables: [String: String], home: String? = nil) {
    self.variables = variables
    self.home = home ?? variables["HOME"].flatMap { $0.isEmpty ? nil : $0 } ?? S3Environment.homeOfUser()
  }

  /// Services and cron jobs often have no `HOME`.
  private static func homeOfUser() -> String {
    var entry = passwd()
    var found: UnsafeMutablePointer<passwd>?
    return withUnsafeTemporaryAllocation(of: CChar.self, capacity: 16_384) { room in
      guard let base = room.baseAddress, getpwuid_r(getuid(), &entry, base, room.count, &found) == 0, found != nil,
        let home = entry.pw_dir
      else { return "/" }
      return String(cString: home)
    }
  }

  /// What leads to a bucket.
  ///
  /// The settings hold what is found out here; what only a profile knows (locks, encryption, limits) is the caller's
  /// to set. The credentials are looked for when they are first asked for.
  ///
  /// - Parameters:
  ///   - bucket: its name
  ///   - prefix: what all keys begin with, without a slash at either end; may be empty
  ///   - explicit: what the profile says
  ///   - stop: the signal of the run
  ///   - exchange: sends requests about credentials; nil for one over libcurl that trusts as the settings say
  ///   - clock: the time of day in nanoseconds since the epoch
  /// - Throws: `usage` for an address, a file or a region that means nothing
  package func resolve(
    bucket: String, prefix: String, explicit: S3Choices = S3Choices(), stop: StopSignal,
    exchange: (any HTTPExchange)? = nil, clock: @escaping @Sendable () -> UInt64 = WallClock.now
  ) throws(Failure) -> (settings: S3Settings, credentials: any CredentialsProvider) {
    let files = try SharedFiles(variables: variables, home: home)
    let name = explicit.awsProfile ?? value("AWS_PROFILE") ?? value("AWS_DEFAULT_PROFILE")
    let profile = files.profile(name ?? "default")
    let endpoints = ServiceEndpoint(variables: variables, files: files, profile: profile)
    let settings = try settings(bucket, prefix, explicit, endpoints)
    let places = S3CredentialPlaces(
      variables: variables, home: home, endpoints: endpoints, region: settings.region, stop: stop, clock: clock,
      exchange: exchange ?? CurlExchange(caFile: trusted(settings, endpoints), stop: stop))
    let source = try places.source(profile: name, isAlone: explicit.awsProfile != nil)
    return (settings, RefreshingCredentials(source, clock: clock))
  }

  private func settings(
    _ bucket: String, _ prefix: String, _ explicit: S3Choices, _ endpoints: ServiceEndpoint
  ) throws(Failure) -> S3Settings {
    let profile = endpoints.profile
    let said = explicit.region ?? value("AWS_REGION") ?? value("AWS_DEFAULT_REGION") ?? profile?["region"]
    var endpoint: S3Endpoint
    let region: String
    let configured = explicit.endpoint.map { ($0, "endpoint") } ?? endpoints.configured("s3")
    if let (url, origin) = configured {
      do throws(Failure) {
        endpoint = try S3Endpoint(url)
      } catch {
        throw error.within(origin)
      }
      region = said ?? S3Environment.region(in: endpoint.host) ?? "us-east-1"
    } else {
      region = said ?? "us-east-1"
      endpoint = try endpoints.amazon("s3", region: region)
    }
    let addressing = try addressing(profile)
    if let isPathStyle = explicit.isPathStyle ?? addressing { endpoint.isPathStyle = isPathStyle }
    var settings = S3Settings(bucket: bucket, prefix: prefix, endpoint: endpoint, region: region)
    settings.caFile = explicit.caFile ?? value("AWS_CA_BUNDLE") ?? profile?["ca_bundle"]
    return settings
  }

  /// Whom to trust where credentials come from. A certificate of the store's own says nothing of AWS, which hands out
  /// roles unless somebody names another service.
  private func trusted(_ settings: S3Settings, _ endpoints: ServiceEndpoint) -> String? {
    if let file = value("AWS_CA_BUNDLE") ?? endpoints.profile?["ca_bundle"] { return file }
    return endpoints.configured("sts") == nil ? nil : settings.caFile
  }

  private func addressing(_ profile: SharedProfile?) throws(Failure) -> Bool? {
    guard let profile, let style = profile["s3", "addressing_style"] else { return nil }
    switch style {
    case "path": return true
    case "virtual": return false
    case "auto": return nil
    default:
      throw Failure(
        .usage, "unknown addressing_style: \(style)", at: profile.place, next: "Write path, virtual or auto.")
    }
  }

  /// Most providers have the region as the second label: `s3.eu-central-1.example.com`.
  static func region(in host: String) -> String? {
    let labels = host.split(separator: ".").drop { $0 != "s3" }.dropFirst().drop { $0 == "dualstack" }
    guard labels.count >= 3, let region = labels.first, region.contains("-") else { return nil }
    return String(region)
  }

  private func value(_ name: String) -> String? { variables[name].flatMap { $0.isEmpty ? nil : $0 } }
}
