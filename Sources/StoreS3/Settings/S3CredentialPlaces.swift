import Bytes
import Pipeline

/// Builds the chain of the places where credentials may lie.
struct S3CredentialPlaces {
  let variables: [String: String]
  let home: String
  let endpoints: ServiceEndpoint
  let region: String
  let stop: StopSignal
  let clock: @Sendable () -> UInt64
  let exchange: any HTTPExchange

  /// - Parameters:
  ///   - profile: the AWS profile that somebody named; nil for `default`, which need not be there
  ///   - isAlone: only that profile is looked at
  func source(profile: String?, isAlone: Bool) throws(Failure) -> any CredentialsSource {
    let sts = try sts()
    let environment = EnvironmentCredentials(variables)
    let container = ContainerCredentials(variables, exchange: exchange)
    let instance = InstanceCredentials(
      variables, configured: endpoints.profile?["ec2_metadata_service_endpoint"], exchange: exchange)
    let (variables, home) = (variables, home)
    let shared = ProfileCredentials(
      profile ?? "default", isRequired: profile != nil,
      places: ProfileCredentials.Places(
        files: { () throws(Failure) in try SharedFiles(variables: variables, home: home) }, sts: sts,
        environment: environment, container: container, instance: instance, stop: stop))
    if isAlone { return CredentialsChain([("AWS profile", shared)]) }
    return CredentialsChain([
      ("environment", environment), ("web identity", WebIdentityCredentials(variables, sts: sts)),
      ("AWS profile", shared), ("container", container), ("instance metadata", instance),
    ])
  }

  private func sts() throws(Failure) -> SecurityTokenService {
    let endpoint: S3Endpoint
    if let (url, origin) = endpoints.configured("sts") {
      do throws(Failure) {
        endpoint = try S3Endpoint(url)
      } catch {
        throw error.within(origin)
      }
      return SecurityTokenService(endpoint: endpoint, region: region, exchange: exchange, clock: clock)
    }
    // A store of another kind may have a region that AWS does not know; only a role needs the service at all.
    let known = try? endpoints.amazon("sts", region: region)
    if let known { return SecurityTokenService(endpoint: known, region: region, exchange: exchange, clock: clock) }
    return SecurityTokenService(
      endpoint: try endpoints.amazon("sts", region: "us-east-1"), region: "us-east-1", exchange: exchange, clock: clock)
  }
}
