package import Bytes
import Format

/// What a store is to let a credential do, and a policy document of S3's that says so.
///
/// A key file keeps data from being read; a policy keeps them from being taken away, and each writer in its own folder.
/// Each action is allowed where the role needs it and denied everywhere else, and all other actions are denied: other
/// policies of the account, and the rights that a store gives to whoever has put an object, cannot widen it.
package struct StorePolicy: Sendable, Equatable {
  /// Who gets it.
  package enum Grantee: Sendable, Hashable {
    /// Stores packs, index objects and snapshots of one writer; reads what it needs for that, and no pack.
    case writer(Identifier)
    /// Looks after everything, and puts whatever heals it; deletes nothing.
    case keeper
    /// Reads everything, and puts records and annotations.
    case restorer
    /// A restorer that also signs changes of authority.
    case root
  }

  /// What some actions are needed for, and on what: the objects whose paths match one of the patterns.
  struct Grant: Sendable, Equatable {
    /// Becomes the name of the statement.
    let purpose: String
    let actions: [String]
    let paths: [String]
    /// The actions are the bucket's, on listings that begin so.
    var isListing = false
  }

  /// What the document is to look like.
  package struct Form: Sendable, Equatable {
    /// The principals that it is about: in the policy of a bucket. Nil in a policy that belongs to the user itself.
    package var principals: [String]?
    /// Puts come with a retention, which is a right of its own.
    package var hasLocks: Bool
    /// Puts must ask not to replace anything. AWS knows the condition; stores that do not would refuse every put.
    package var refusesOverwrites: Bool

    package init(principals: [String]?, hasLocks: Bool = false, refusesOverwrites: Bool = false) {
      self.principals = principals
      self.hasLocks = hasLocks
      self.refusesOverwrites = refusesOverwrites
    }
  }

  package let bucket: String
  package let prefix: String
  package let grantee: Grantee
  package let form: Form

  /// - Parameters:
  ///   - bucket: its name
  ///   - prefix: what all keys begin with, without a slash at either end; may be empty
  ///   - grantee: for whom
  ///   - form: what the document is to look like
  package init(bucket: String, prefix: String, grantee: Grantee, form: Form) {
    self.bucket = bucket
    self.prefix = prefix
    self.grantee = grantee
    self.form = form
  }

  /// What the grantee needs; every action stands in one grant alone.
  var grants: [Grant] {
    let put = form.hasLocks ? ["s3:PutObject", "s3:PutObjectRetention"] : ["s3:PutObject"]
    let read = ["s3:GetObject", "s3:GetObjectVersion"]
    let list = ["s3:ListBucket", "s3:ListBucketVersions"]
    switch grantee {
    case .writer(let id):
      func own(_ kinds: [String]) -> [String] { kinds.map { "\(ObjectPath.folder($0, of: id))*" } }
      let authority = "\(ObjectPath.authorityFolder)*"
      return [
        Grant(purpose: "Store", actions: put, paths: own(["packs", "index", "snapshots"])),
        Grant(
          purpose: "Read", actions: ["s3:GetObject"], paths: [authority] + own(["enrolment", "index", "tombstones"])),
        Grant(
          purpose: "List", actions: ["s3:ListBucket"],
          paths: [authority, "\(ObjectPath.writersFolder)\(id.hex)/*"], isListing: true),
      ]
    case .keeper: return grants(put, ["*"], read, list)
    case .restorer: return grants(put, spoken, read, list)
    case .root: return grants(put, spoken + ["\(ObjectPath.authorityFolder)*"], read, list)
    }
  }

  /// Where the objects lie that a restorer signs.
  private var spoken: [String] { ["\(ObjectPath.recordsFolder)*", "\(ObjectPath.annotationsFolder)*"] }

  private func grants(_ put: [String], _ paths: [String], _ read: [String], _ list: [String]) -> [Grant] {
    [
      Grant(purpose: "Store", actions: put, paths: paths), Grant(purpose: "Read", actions: read, paths: ["*"]),
      Grant(purpose: "List", actions: list, paths: ["*"], isListing: true),
    ]
  }

  /// What is denied by name, everywhere. The denial of all that is not granted says it as well, but some stores (Ceph
  /// 16, measured) pass over that one, and there whoever has put an object owns it, with every right to it. Names that
  /// match nothing a store knows make it refuse the document.
  var denied: [String] {
    let always = ["s3:Bypass*", "s3:Delete*", "s3:PutBucket*", "s3:PutLifecycle*", "s3:RestoreObject"]
    let changes =
      form.hasLocks
      ? ["s3:PutObjectAcl", "s3:PutObjectLegalHold", "s3:PutObjectTagging", "s3:PutObjectVersion*"]
      : ["s3:PutObject?*"]
    guard case .writer = grantee else { return always + changes }
    return always + changes + ["s3:GetObject?*", "s3:ListBucketVersions"]
  }

  /// The policies of several as one document: a bucket has only one. What they deny in common stands there once.
  package static func document(_ policies: [StorePolicy]) -> String {
    var statements = policies.flatMap(\.statements)
    var rest = policies
    while let first = rest.first {
      let alike = rest.filter { $0.denied == first.denied && $0.actions == first.actions }
      rest.removeAll { $0.denied == first.denied && $0.actions == first.actions }
      let principals = first.form.principals.map { _ in alike.flatMap { $0.form.principals ?? [] } }
      statements += first.denials(principals: principals)
    }
    return PolicyValue.object([("Version", .text("2012-10-17")), ("Statement", .list(statements))]).text + "\n"
  }

  /// The document of this policy alone.
  package var document: String { StorePolicy.document([self]) }
}
