/// What a profile says of the way to a store; what is nil is left to the environment and the shared files of the AWS
/// tools.
package struct S3Choices: Sendable, Equatable {
  /// `https://host[:port]`.
  package var endpoint: String?
  package var region: String?
  /// A profile of the shared AWS files; credentials then come from there alone, whatever the environment has.
  package var awsProfile: String?
  /// The bucket is a part of the path (true) or of the host's name (false).
  package var isPathStyle: Bool?
  /// A file of certificates (PEM) that alone are trusted.
  package var caFile: String?

  package init(
    endpoint: String? = nil, region: String? = nil, awsProfile: String? = nil, isPathStyle: Bool? = nil,
    caFile: String? = nil
  ) {
    self.endpoint = endpoint
    self.region = region
    self.awsProfile = awsProfile
    self.isPathStyle = isPathStyle
    self.caFile = caFile
  }
}
