import Bytes

/// Finds the address of a service as all AWS tools do: the service's own variable, the general one, then the shared
/// files, where the service's own address again comes first.
struct ServiceEndpoint {
  let variables: [String: String]
  let files: SharedFiles
  let profile: SharedProfile?

  /// The address and where it stands; nil where nobody gives one.
  ///
  /// - Parameter service: `s3`, `sts`
  func configured(_ service: String) -> (url: String, origin: String)? {
    let ignored = variables["AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"] ?? profile?["ignore_configured_endpoint_urls"]
    if ignored?.lowercased() == "true" { return nil }
    for name in ["AWS_ENDPOINT_URL_\(service.uppercased())", "AWS_ENDPOINT_URL"] {
      if let url = variables[name], !url.isEmpty { return (url, name) }
    }
    guard let profile else { return nil }
    if let services = profile["services"], let url = files.endpoint(of: service, services: services) {
      return (url, "services \(services) in \(files.configPath)")
    }
    // Older tools have it below the service's name in the profile itself.
    if let url = profile[service, "endpoint_url"] ?? profile["endpoint_url"] { return (url, profile.place) }
    return nil
  }

  /// An address of AWS itself.
  ///
  /// - Parameters:
  ///   - service: `s3`, `sts`
  ///   - region: `eu-central-1`
  func amazon(_ service: String, region: String) throws(Failure) -> S3Endpoint {
    let isPlain =
      !region.isEmpty
      && region.utf8.allSatisfy { byte in
        (0x61...0x7a).contains(byte) || (0x30...0x39).contains(byte) || byte == UInt8(ascii: "-")
      }
    guard isPlain else {
      throw Failure(.usage, "not the name of a region: \(region)", next: "Write one such as eu-central-1.")
    }
    let domain = region.hasPrefix("cn-") ? "amazonaws.com.cn" : "amazonaws.com"
    let fips = isOn("AWS_USE_FIPS_ENDPOINT", "use_fips_endpoint") ? "-fips" : ""
    let isDual = service == "s3" && isOn("AWS_USE_DUALSTACK_ENDPOINT", "use_dualstack_endpoint")
    return try S3Endpoint("https://\(service)\(fips)\(isDual ? ".dualstack" : "").\(region).\(domain)")
  }

  private func isOn(_ variable: String, _ key: String) -> Bool {
    (variables[variable] ?? profile?[key])?.lowercased() == "true"
  }
}
