import Bytes
import Format

extension StorePolicy {
  /// Each grant, and the denial of the same anywhere else.
  var statements: [PolicyValue] {
    let grants = grants
    let replacing = form.refusesOverwrites ? grants.first.map { [denyReplacing($0)] } ?? [] : []
    return grants.flatMap { [allow($0), deny($0)] } + replacing
  }

  /// All that the grantee needs somewhere.
  var actions: [String] { grants.flatMap(\.actions) }

  /// The denials that all grantees of one kind have in common.
  func denials(principals: [String]?) -> [PolicyValue] {
    let everywhere = ("Resource", PolicyValue.texts([resource, "\(resource)/*"]))
    return [
      statement("\(kind)ChangeNothing", "Deny", [("Action", .texts(denied)), everywhere], principals),
      statement("\(kind)NothingElse", "Deny", [("NotAction", .texts(actions)), everywhere], principals),
    ]
  }

  private func allow(_ grant: Grant) -> PolicyValue {
    let actions = ("Action", PolicyValue.texts(grant.actions))
    guard grant.isListing else {
      return statement(grant.purpose, "Allow", [actions, ("Resource", .texts(resources(grant)))])
    }
    return statement(
      grant.purpose, "Allow", [actions, ("Resource", .texts([resource])), condition([("StringLike", keys(grant))])])
  }

  private func deny(_ grant: Grant) -> PolicyValue {
    let actions = ("Action", PolicyValue.texts(grant.actions))
    guard grant.isListing else {
      return statement("\(grant.purpose)NothingElse", "Deny", [actions, ("NotResource", .texts(resources(grant)))])
    }
    return statement(
      "\(grant.purpose)NothingElse", "Deny",
      [actions, ("Resource", .texts([resource])), condition(StorePolicy.unlike(keys(grant)))])
  }

  /// A listing that begins like none of the patterns. All comparisons of a condition must hold; that a list of patterns
  /// after one negation means "none of them" is true of AWS, while Ceph 16 reads it as "not each" (measured).
  private static func unlike(_ patterns: [String]) -> [(String, [String])] {
    zip(["StringNotLike", "StringNotLikeIfExists"], patterns).map { ($0, [$1]) }
  }

  /// A put that does not ask to replace nothing.
  private func denyReplacing(_ grant: Grant) -> PolicyValue {
    let isMissing = PolicyValue.object([("Null", .object([("s3:if-none-match", .text("true"))]))])
    return statement(
      "ReplaceNothing", "Deny",
      [("Action", .texts(["s3:PutObject"])), ("Resource", .texts(resources(grant))), ("Condition", isMissing)])
  }

  private func statement(_ name: String, _ effect: String, _ rest: [(String, PolicyValue)]) -> PolicyValue {
    statement("\(title)\(name)", effect, rest, form.principals)
  }

  private func statement(
    _ name: String, _ effect: String, _ rest: [(String, PolicyValue)], _ principals: [String]?
  ) -> PolicyValue {
    var members: [(String, PolicyValue)] = [("Sid", .text(name)), ("Effect", .text(effect))]
    if let principals { members.append(("Principal", .object([("AWS", .texts(principals))]))) }
    return .object(members + rest)
  }

  private func condition(_ comparisons: [(String, [String])]) -> (String, PolicyValue) {
    ("Condition", .object(comparisons.map { ($0, .object([("s3:prefix", .texts($1))])) }))
  }

  private func resources(_ grant: Grant) -> [String] { keys(grant).map { "\(resource)/\($0)" } }

  private func keys(_ grant: Grant) -> [String] { grant.paths.map { prefix.isEmpty ? $0 : "\(prefix)/\($0)" } }

  private var resource: String { "arn:aws:s3:::\(bucket)" }

  /// What the names of the statements begin with; in one document they must differ. Letters and digits alone.
  private var title: String {
    if case .writer(let id) = grantee { "\(kind)\(id.hex.prefix(8))" } else { kind }
  }

  private var kind: String {
    switch grantee {
    case .writer: "Writer"
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
