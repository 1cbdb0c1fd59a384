package import Bytes
package import Pipeline

/// Credentials of a profile of the shared AWS files: keys, a program that prints them, or a role to assume.
///
/// The files are read anew with every look, so that keys which were exchanged meanwhile are found.
package struct ProfileCredentials: CredentialsSource {
  private let name: String
  private let isRequired: Bool
  private let places: Places

  /// Everything that a profile may lead to.
  package struct Places: Sendable {
    package var files: @Sendable () throws(Failure) -> SharedFiles
    package var sts: SecurityTokenService
    package var environment: any CredentialsSource
    package var container: any CredentialsSource
    package var instance: any CredentialsSource
    package var stop: StopSignal

    package init(
      files: @escaping @Sendable () throws(Failure) -> SharedFiles, sts: SecurityTokenService,
      environment: any CredentialsSource, container: any CredentialsSource, instance: any CredentialsSource,
      stop: StopSignal
    ) {
      self.files = files
      self.sts = sts
      self.environment = environment
      self.container = container
      self.instance = instance
      self.stop = stop
    }
  }

  /// - Parameters:
  ///   - name: the profile
  ///   - isRequired: somebody asked for this profile: it must be there
  ///   - places: what it may lead to
  package init(_ name: String, isRequired: Bool, places: Places) {
    self.name = name
    self.isRequired = isRequired
    self.places = places
  }

  package func look() throws(Failure) -> CredentialsFinding {
    let files = try places.files()
    guard let profile = files.profile(name) else {
      let missing = "no profile \(name) in \(files.credentialsPath) or \(files.configPath)"
      guard isRequired else { return .nothing(missing) }
      throw Failure(
        .storeDenied, missing, at: "AWS profile \(name)", next: "Check AWS_PROFILE, or aws-profile in the profile.")
    }
    guard let credentials = try credentials(of: profile, files, visited: []) else {
      return .nothing("profile \(name) has no credentials")
    }
    return .found(credentials)
  }

  /// Nil if the profile says nothing of credentials.
  private func credentials(
    of profile: SharedProfile, _ files: SharedFiles, visited: [String]
  ) throws(Failure) -> S3Credentials? {
    if let role = profile["role_arn"] { return try assume(role, profile, files, visited + [profile.name]) }
    if let keys = try keys(of: profile) { return keys }
    if let line = profile["credential_process"] {
      let process = ProcessCredentials(line, origin: profile.place, stop: places.stop)
      return try found(in: process, for: profile)
    }
    for key in ["sso_session", "sso_start_url", "login_session"] where profile[key] != nil {
      throw Failure(
        .storeDenied, "the profile signs in with a browser, which lifeboat cannot", at: profile.place,
        next: "Name another profile with credential_process = aws configure export-credentials --profile "
          + "\(profile.name) --format process.")
    }
    return nil
  }

  private func keys(of profile: SharedProfile) throws(Failure) -> S3Credentials? {
    let key = profile["aws_access_key_id"]
    let secret = profile["aws_secret_access_key"]
    if key == nil && secret == nil { return nil }
    guard let key, let secret else {
      throw Failure(
        .storeDenied, "only one of aws_access_key_id and aws_secret_access_key is there", at: profile.place,
        next: "Write both.")
    }
    return try S3Credentials(
      accessKey: key, secret: secret, sessionToken: profile["aws_session_token"], source: profile.place)
  }

  private func assume(
    _ role: String, _ profile: SharedProfile, _ files: SharedFiles, _ visited: [String]
  ) throws(Failure) -> S3Credentials {
    let wanted = AssumedRole(
      arn: role, sessionName: profile["role_session_name"], externalID: profile["external_id"],
      seconds: profile["duration_seconds"].flatMap { Int($0) })
    if let file = profile["web_identity_token_file"] {
      return try places.sts.assume(wanted, withTokenIn: file, place: profile.place)
    }
    guard profile["mfa_serial"] == nil else {
      throw Failure(
        .storeDenied, "the role asks for a code of a person's device, which a run that nobody attends cannot give",
        at: profile.place, next: "Use a role without mfa_serial.")
    }
    let base = try base(of: profile, files, visited)
    return try places.sts.assume(wanted, with: base, place: profile.place)
  }

  /// What the request for the role is signed with.
  private func base(
    of profile: SharedProfile, _ files: SharedFiles, _ visited: [String]
  ) throws(Failure) -> S3Credentials {
    switch (profile["source_profile"], profile["credential_source"]) {
    case (let name?, nil): return try base(inProfile: name, of: profile, files, visited)
    case (nil, let source?): return try base(from: source, of: profile)
    default:
      throw Failure(
        .storeDenied,
        "a profile with role_arn needs exactly one of source_profile, credential_source and "
          + "web_identity_token_file", at: profile.place, next: "Correct the profile.")
    }
  }

  private func base(
    inProfile name: String, of profile: SharedProfile, _ files: SharedFiles, _ visited: [String]
  ) throws(Failure) -> S3Credentials {
    guard let other = files.profile(name) else {
      throw Failure(
        .storeDenied, "there is no profile \(name), which source_profile names", at: profile.place,
        next: "Correct source_profile.")
    }
    // A profile may hold the very keys with which its role is assumed.
    if name == profile.name, let keys = try keys(of: other) { return keys }
    guard !visited.contains(name) else {
      throw Failure(
        .storeDenied, "profiles refer to each other in a circle: \((visited + [name]).joined(separator: ", "))",
        at: profile.place, next: "Correct source_profile.")
    }
    guard let credentials = try credentials(of: other, files, visited: visited) else {
      throw Failure(
        .storeDenied, "profile \(name), which source_profile names, has no credentials", at: profile.place,
        next: "Correct source_profile.")
    }
    return credentials
  }

  private func base(from source: String, of profile: SharedProfile) throws(Failure) -> S3Credentials {
    switch source {
    case "Environment": return try found(in: places.environment, for: profile)
    case "Ec2InstanceMetadata": return try found(in: places.instance, for: profile)
    case "EcsContainer": return try found(in: places.container, for: profile)
    default:
      throw Failure(
        .storeDenied, "unknown credential_source: \(source)", at: profile.place,
        next: "Write Environment, Ec2InstanceMetadata or EcsContainer.")
    }
  }

  private func found(in source: any CredentialsSource, for profile: SharedProfile) throws(Failure) -> S3Credentials {
    switch try source.look() {
    case .found(let credentials): return credentials
    case .nothing(let reason):
      throw Failure(.storeDenied, "no credentials where the profile says: \(reason)", at: profile.place)
    }
  }
}
