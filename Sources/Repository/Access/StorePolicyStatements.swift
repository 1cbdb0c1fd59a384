import Bytes
import Format

extension StorePolicy {
  /// Each grant, and the denial of the same anywhere else.
  var statements: [PolicyValue] {
    let grants = grants
    var statements = grants.flatMap { [allow($0), deny($0)] }
    if form.refusesOverwrites, let store = grants.first { statements.append(denyReplacing(store)) }
    return statements
  }

  /// The denial of all the rest: once for all who may do the same, for there is little room in a bucket's policy.
  static func closing(_ policies: [StorePolicy]) -> [PolicyValue] {
    var groups: [[StorePolicy]] = []
    for policy in policies {
      if let index = groups.firstIndex(where: { $0[0].actions == policy.actions }) {
        groups[index].append(policy)
      } else {
        groups.append([policy])
      }
    }
    return groups.flatMap { group in
      let first = group[0]
      let principals = first.form.principals == nil ? nil : group.flatMap { $0.form.principals ?? [] }
      let title = group.count == 1 ? first.title : "\(first.title)AndOthers"
      return [
        ("DenyAllElse", "NotAction", first.actions), ("DenyByName", "Action", first.namedDenials),
      ].map { name, member, actions in
        let rest: [(String, PolicyValue)] = [
          (member, .texts(actions)), ("Resource", .texts([first.resource, "\(first.resource)/*"])),
        ]
        return statement("\(title)\(name)", "Deny", principals, rest)
      }
    }
  }

  private var actions: [String] { grants.flatMap(\.actions) }

  /// What would do harm, by name: Ceph (16.2, measured) takes a denial of all but some actions and heeds it nowhere, so
  /// that whoever has put an object could still read an older version of it. All of them are names that both know.
  private var namedDenials: [String] {
    let names = [
      "GetObjectVersion", "GetObjectAcl", "GetObjectVersionAcl", "GetObjectTagging", "GetObjectVersionTagging",
      "PutObjectAcl", "PutObjectVersionAcl", "PutObjectTagging", "PutObjectVersionTagging", "PutObjectRetention",
      "PutObjectLegalHold", "BypassGovernanceRetention", "Delete*", "RestoreObject", "AbortMultipartUpload",
      "ListMultipartUploadParts", "ListBucketVersions", "ListBucketMultipartUploads", "GetBucket*", "PutBucket*",
      "PutLifecycleConfiguration", "PutReplicationConfiguration",
    ]
    let allowed = actions
    return names.map { "s3:\($0)" }.filter { !allowed.contains($0) }
  }

  private func allow(_ grant: Grant) -> PolicyValue {
    let actions = ("Action", PolicyValue.texts(grant.actions))
    guard grant.isListing else {
      return statement(grant.purpose, "Allow", [actions, ("Resource", .texts(resources(grant)))])
    }
    return statement(
      grant.purpose, "Allow",
      [actions, ("Resource", .texts([resource])), condition([("StringLike", keys(grant))])])
  }

  private func deny(_ grant: Grant) -> PolicyValue {
    let actions = ("Action", PolicyValue.texts(grant.actions))
    guard grant.isListing else {
      return statement("\(grant.purpose)NothingElse", "Deny", [actions, ("NotResource", .texts(resources(grant)))])
    }
    return statement(
      "\(grant.purpose)NothingElse", "Deny",
      [actions, ("Resource", .texts([resource])), noneOf(grant)])
  }

  /// A put that does not ask to replace nothing.
  private func denyReplacing(_ grant: Grant) -> PolicyValue {
    let isMissing = PolicyValue.object([("Null", .object([("s3:if-none-match", .text("true"))]))])
    return statement(
      "ReplaceNothing", "Deny",
      [("Action", .texts(["s3:PutObject"])), ("Resource", .texts(resources(grant))), ("Condition", isMissing)])
  }

  private func statement(_ name: String, _ effect: String, _ rest: [(String, PolicyValue)]) -> PolicyValue {
    StorePolicy.statement("\(title)\(name)", effect, form.principals, rest)
  }

  private static func statement(
    _ name: String, _ effect: String, _ principals: [String]?, _ rest: [(String, PolicyValue)]
  ) -> PolicyValue {
    var members: [(String, PolicyValue)] = [("Sid", .text(name)), ("Effect", .text(effect))]
    if let principals { members.append(("Principal", .object([("AWS", .texts(principals))]))) }
    return .object(members + rest)
  }

  /// That the prefix is like none of the patterns: each under an operator of its own. Several under one mean the same
  /// to AWS; to Ceph (16.2, measured) they mean that it is unlike any of them, which every prefix is.
  private func noneOf(_ grant: Grant) -> (String, PolicyValue) {
    let operators = ["StringNotLike", "StringNotLikeIfExists"]
    let keys = keys(grant)
    precondition(keys.count <= operators.count)
    return condition(zip(operators, keys).map { ($0, [$1]) })
  }

  private func condition(_ comparisons: [(operator: String, prefixes: [String])]) -> (String, PolicyValue) {
    ("Condition", .object(comparisons.map { ($0.operator, .object([("s3:prefix", .texts($0.prefixes))])) }))
  }

  private func resources(_ grant: Grant) -> [String] { keys(grant).map { "\(resource)/\($0)" } }

  private func keys(_ grant: Grant) -> [String] { grant.paths.map { prefix.isEmpty ? $0 : "\(prefix)/\($0)" } }

  private var resource: String { "arn:aws:s3:::\(bucket)" }

  /// What the names of the statements begin with; in one document they must differ. Letters and digits alone.
  private var title: String {
    switch grantee {
    case .writer(let id): "Writer\(id.hex.prefix(8))"
    case .keeper: "Keeper"
    case .restorer: "Restorer"
    case .root: "Root"
    }
  }
}

/// A small tree that prints itself as JSON over several lines, for people to read and to change. Texts must need no
/// escape.
indirect enum PolicyValue: Sendable {
  case text(String)
  case list([PolicyValue])
  case object([(String, PolicyValue)])

  static func texts(_ texts: [String]) -> PolicyValue { .list(texts.map { .text($0) }) }

  var text: String { text(indentedBy: 0) }

  private func text(indentedBy depth: Int) -> String {
    let (outer, inner) = (String(repeating: "  ", count: depth), String(repeating: "  ", count: depth + 1))
    switch self {
    case .text(let text): return "\"\(text)\""
    case .list(let items):
      let lines = items.map { inner + $0.text(indentedBy: depth + 1) }
      return "[\n\(lines.joined(separator: ",\n"))\n\(outer)]"
    case .object(let members):
      let lines = members.map { "\(inner)\"\($0)\": \($1.text(indentedBy: depth + 1))" }
      return "{\n\(lines.joined(separator: ",\n"))\n\(outer)}"
    }
  }
}
