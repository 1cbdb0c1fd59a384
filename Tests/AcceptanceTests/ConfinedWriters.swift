import Bytes
import FaultProxy
import TestKit
import Testing

/// A repository with writers each of whom uses credentials that the printed policy confines, by a way that counts.
struct ConfinedWriters {
  struct Writer {
    let number: Int
    /// The writer's id, and so the folder of its objects.
    let id: String
    let user: S3User
    let proxy: FaultProxy

    var component: String { "part-\(number)" }

    /// The program as this writer's host runs it.
    var access: Cloud.Access {
      Cloud.Access(endpoint: proxy.endpoint, user: user, state: "state-\(number)", key: "writer-\(number)")
    }

    /// What came by, by what it was about: `PUT packs`, `LIST index`.
    var kinds: [String: Int] {
      proxy.requests.counts { request in
        let prefix = request.query("prefix")
        let parts = (prefix?.replacing("%2F", with: "/") ?? request.path).split(separator: "/")
        let kind = parts.firstIndex(of: "writers").map { $0 + 2 < parts.count ? parts[$0 + 2] : "writers" }
        return "\(prefix == nil ? request.method : "LIST") \(kind ?? parts.dropFirst().first ?? "")"
      }
    }
  }

  let cloud: Cloud
  let writers: [Writer]
  /// Who reads, with what the policy of a restorer allows.
  let restorer: Cloud.Access

  /// Makes the repository, enrols the writers, and gives the bucket the policy.
  ///
  /// - Parameters:
  ///   - bucket: where
  ///   - prefix: what its keys begin with
  ///   - users: who the writers are to the store; one writer each
  ///   - options: for `key policy`
  init(in bucket: S3Bucket, users: [S3User], options: [String] = []) throws {
    let cloud = try Cloud(in: bucket, components: ["none"])
    var writers: [Writer] = []
    for (index, user) in users.enumerated() {
      let number = index + 1
      let made = try cloud.run(
        ["key", "new", "writer", "--json", "--out", cloud.key("writer-\(number)"), "--component", "part-\(number)"],
        as: "keeper")
      try #require(made.status == 0, "\(made.errors)")
      let rest = made.text.split(separator: #""writer":""#, maxSplits: 1).dropFirst().first
      let id = try #require(rest.map { String($0.prefix(32)) }, "\(made.text)")
      writers.append(
        Writer(number: number, id: id, user: user, proxy: try FaultProxy(before: bucket.server.port)))
    }
    let restorer = try bucket.server.user(named: "restorer-\(Identifier.random().hex.prefix(8))")
    let named = writers.flatMap { ["--writer", $0.id, "--principal", $0.user.principal] }
    let printed = try [named, ["--role", "restorer", "--principal", restorer.principal]].map { words in
      let policy = try cloud.run(["key", "policy", "--bucket", cloud.location] + options + words, as: nil)
      try #require(policy.status == 0, "\(policy.errors)")
      return try #require(ConfinedWriters.statements(of: policy.text))
    }
    // To this store whoever puts an object owns it: the bucket's owner must give itself the right to look.
    let owner =
      #"{"Effect":"Allow","Principal":{"AWS":["arn:aws:iam:::user/owner"]},"Action":["s3:*"],"#
      + #""Resource":["arn:aws:s3:::\#(bucket.name)","arn:aws:s3:::\#(bucket.name)/*"]}"#
    try bucket.setPolicy(
      #"{"Version":"2012-10-17","Statement":[\#((printed + [owner]).joined(separator: ","))]}"#)
    self.cloud = cloud
    self.writers = writers
    self.restorer = Cloud.Access(user: restorer)
  }

  /// What stands in the list of statements of a policy: a bucket has only one policy, so several become one.
  private static func statements(of policy: String) -> String? {
    guard let start = policy.split(separator: #""Statement": ["#, maxSplits: 1).dropFirst().first,
      let end = start.lastIndex(of: "]")
    else { return nil }
    return String(start[..<end])
  }

  /// Users of the store that may do nothing yet.
  static func users(_ count: Int, of server: S3Server) throws -> [S3User] {
    let mark = Identifier.random().hex.prefix(8)
    return try (1...count).map { try server.user(named: "writer-\(mark)-\($0)") }
  }

  /// The dump of a writer on a day: half of it is that of every day.
  func dump(of writer: Writer, day: UInt64) throws -> (path: String, bytes: [UInt8]) {
    try cloud.file(
      "dump-\(writer.number)-\(day)", (UInt64(writer.number), 2 << 20), (1000 * UInt64(writer.number) + day, 18 << 20))
  }

  /// One backup as that writer.
  func backUp(_ writer: Writer, day: UInt64) throws -> Program.Outcome {
    let dump = try dump(of: writer, day: day)
    return try cloud.run(Cloud.backup(dump.path, of: writer.component), as: "writer", writer.access)
  }
}
