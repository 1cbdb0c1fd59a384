import ArgumentParser
import Bytes
import Format
import Profiles
import Repository
import Store

/// `lifeboat key policy`: what a store is to let a credential do.
///
/// JSON: one `policy` with `roles`, `form`, `bucket`, `prefix`, and `policy`, the document as an object.
struct KeyPolicyCommand: LifeboatCommand {
  static let configuration = CommandConfiguration(
    commandName: "policy", abstract: "Print the policy that confines a credential of a bucket to what a role needs.",
    usage: """
      lifeboat key policy --bucket s3://BUCKET/PREFIX --writer ID --principal ARN
      lifeboat key policy --bucket s3://BUCKET/PREFIX --role keeper --form iam
      """,
    discussion: """
      Form bucket is for the policy of the bucket and names the credentials it is about; a bucket has one policy, so \
      the statements of all of them belong into one document: repeat --writer and --principal, each writer with its \
      own. Form iam is for a policy that belongs to the user itself.

      A writer stores and lists in its own folder and reads neither packs nor snapshots; a keeper reads all and stores \
      what heals it; a restorer reads all and stores records and annotations; with --root it may also change the authority. None may \
      delete, reach older versions of others, change rights, or shorten a lock. Make the repository with the credentials of the \
      bucket's owner, and switch versioning on: what is replaced can then be read all the same.
      """)

  @Option(help: "The bucket and the prefix of the repository: s3://bucket/prefix.")
  var bucket: String

  @Option(help: "writer, keeper or restorer. Default: writer.")
  var role = Role.writer.rawValue

  @Option(
    name: .customLong("writer"),
    help: "The id of a writer, 32 digits, as lifeboat key list --json shows it; may be repeated.")
  var writers: [String] = []

  @Option(help: "bucket or iam. Default: bucket.")
  var form = "bucket"

  @Option(
    name: .customLong("principal"),
    help: "Whom the policy of a bucket is about, such as arn:aws:iam::123456789012:user/orders; may be repeated.")
  var principals: [String] = []

  @Flag(help: "For a restorer whose key file holds the root key: also changes of authority.")
  var root = false

  @Flag(help: "Puts come with a retention (store.lock in the profile), which is a right of its own.")
  var lock = false

  @Flag(help: "Refuse every put that could replace an object. AWS can; on stores that cannot it refuses every put.")
  var refuseOverwrites = false

  @OptionGroup var output: OutputOptions

  func run(in context: RunContext) throws(Failure) {
    guard case .s3(let name, let prefix) = try StoreLocation(bucket) else {
      throw refusal("--bucket \(bucket) is no bucket", "Write it as s3://bucket/prefix.")
    }
    let policies = try grantees().enumerated().map { (index, grantee) throws(Failure) in
      StorePolicy(
        bucket: name, prefix: prefix, grantee: grantee,
        form: StorePolicy.Form(
          principals: try principals(of: index), hasLocks: lock, refusesOverwrites: refuseOverwrites))
    }
    let document = StorePolicy.document(policies)
    context.say(
      Statement(
        "policy",
        [
          ("role", .text(role)), ("form", .text(form)), ("bucket", .text(name)), ("prefix", .text(prefix)),
          ("policy", JSONValue.parse(document) ?? .nothing),
        ], document.split(separator: "\n").map(String.init)))
  }

  private func grantees() throws(Failure) -> [StorePolicy.Grantee] {
    guard let role = Role(rawValue: role) else {
      throw refusal("\(role) is no role", "Choose writer, keeper or restorer.")
    }
    guard role == .writer || writers.isEmpty else { throw refusal("--writer is for writers", "Leave it out.") }
    guard role == .restorer || !root else { throw refusal("--root is for a restorer", "Leave it out.") }
    switch role {
    case .keeper: return [.keeper]
    case .restorer: return [root ? .root : .restorer]
    case .writer:
      guard !writers.isEmpty else { throw refusal("no writer is named", "Give --writer with its id.") }
      var grantees: [StorePolicy.Grantee] = []
      for word in writers {
        guard let id = Identifier(hex: word), !grantees.contains(.writer(id)) else {
          throw refusal(
            "--writer \(word) is not another writer's id", "Give 32 digits, as lifeboat key list --json shows them.")
        }
        grantees.append(.writer(id))
      }
      return grantees
    }
  }

  /// Whom the statements of one grantee are about.
  private func principals(of index: Int) throws(Failure) -> [String]? {
    switch form {
    case "iam":
      guard principals.isEmpty else {
        throw refusal("--principal is for the policy of a bucket", "Leave it out, or choose --form bucket.")
      }
      return nil
    case "bucket":
      for word in principals where !KeyPolicyCommand.isPlain(word) {
        throw refusal("--principal \(word) is no ARN", "Write arn:aws:iam::ACCOUNT:user/NAME.")
      }
      let isOneEach = writers.count < 2 || principals.count == writers.count
      guard !principals.isEmpty, isOneEach else {
        throw refusal(
          writers.count < 2 ? "nobody is named whom the policy is about" : "each writer needs a principal of its own",
          "Give --principal, or choose --form iam.")
      }
      return writers.count < 2 ? principals : [principals[index]]
    default: throw refusal("--form \(form) is not known", "Choose bucket or iam.")
    }
  }

  /// The letters of ARNs and account numbers: none that means something in JSON, and no star.
  private static func isPlain(_ text: String) -> Bool {
    !text.isEmpty
      && text.utf8.allSatisfy { byte in
        (0x61...0x7a).contains(byte) || (0x41...0x5a).contains(byte) || (0x30...0x39).contains(byte)
          || ":/_+=,.@-$".utf8.contains(byte)
      }
  }

  private func refusal(_ what: String, _ next: String) -> Failure {
    Failure(.usage, what, at: "command line", next: next)
  }
}
