import Profiles
import Yams

/// The part of JSON Schema (draft 2020-12) that the schema of profiles is written in; anything else is a failure.
struct SchemaChecker {
  let root: JSONText

  /// What keeps a value from being what the schema says; nil if it is.
  func objection(to value: JSONText, _ schema: JSONText? = nil, at place: String = "") -> String? {
    guard case .object(let members) = schema ?? root else { return "\(place): a schema is no object" }
    for (name, rule) in members {
      if let objection = objection(to: value, name, rule, members, at: place) { return objection }
    }
    return nil
  }

  private func objection(
    to value: JSONText, _ name: String, _ rule: JSONText, _ schema: [(String, JSONText)], at place: String
  ) -> String? {
    switch (name, rule) {
    case ("$schema", _), ("$comment", _), ("$defs", _), ("title", _), ("description", _), ("default", _): return nil
    case ("$ref", .text(let name)): return objection(to: value, self[definition: name], at: place)
    case ("anyOf", .list(let forms)):
      let objections = forms.map { objection(to: value, $0, at: place) }
      return objections.contains { $0 == nil }
        ? nil : "\(place): none of [\(objections.map { $0 ?? "" }.joined(separator: " | "))]"
    case ("not", let other): return objection(to: value, other, at: place) == nil ? "\(place): what must not be" : nil
    case ("type", .text(let type)): return value.isOf(type) ? nil : "\(place): no \(type)"
    case ("type", .list(let types)):
      return types.contains { if case .text(let type) = $0 { value.isOf(type) } else { false } }
        ? nil : "\(place): type"
    case ("enum", .list(let values)): return values.contains(value) ? nil : "\(place): no such word"
    case ("const", let other): return value == other ? nil : "\(place): another word"
    default: return sizeObjection(to: value, name, rule, schema, at: place)
    }
  }

  private func sizeObjection(
    to value: JSONText, _ name: String, _ rule: JSONText, _ schema: [(String, JSONText)], at place: String
  ) -> String? {
    switch (name, rule, value) {
    case ("pattern", .text(let pattern), .text(let text)):
      guard let expression = try? Regex(pattern) else { return "\(place): no pattern: \(pattern)" }
      return text.firstMatch(of: expression) == nil ? "\(place): pattern" : nil
    case ("minLength", .integer(let least), .text(let text)): return text.count < least ? "\(place): short" : nil
    case ("minimum", .integer(let least), .integer(let number)): return number < least ? "\(place): small" : nil
    case ("maximum", .integer(let most), .integer(let number)): return number > most ? "\(place): large" : nil
    case ("minItems", .integer(let least), .list(let items)): return items.count < least ? "\(place): few" : nil
    case ("items", let rule, .list(let items)):
      return items.enumerated().lazy.compactMap { objection(to: $1, rule, at: "\(place)[\($0)]") }.first
    case ("minProperties", .integer(let least), .object(let members)):
      return members.count < least ? "\(place): few" : nil
    case ("maxProperties", .integer(let most), .object(let members)):
      return members.count > most ? "\(place): many" : nil
    case ("required", .list(let names), .object(let members)):
      let missing = names.first { name in !members.contains { .text($0.0) == name } }
      return missing.map { "\(place): without \($0.encoded)" }
    case ("properties", .object(let rules), .object(let members)):
      return members.lazy.compactMap { name, value in
        rules.first { $0.0 == name }.flatMap { objection(to: value, $0.1, at: "\(place).\(name)") }
      }.first
    case ("additionalProperties", let rule, .object(let members)):
      let known = schema.first { $0.0 == "properties" }.map(\.1.names) ?? []
      for (name, value) in members where !known.contains(name) {
        if case .truth(false) = rule { return "\(place): unknown key \(name)" }
        if let objection = objection(to: value, rule, at: "\(place).\(name)") { return objection }
      }
      return nil
    case ("pattern", _, _), ("minLength", _, _), ("minimum", _, _), ("maximum", _, _), ("minItems", _, _),
      ("items", _, _), ("minProperties", _, _), ("maxProperties", _, _), ("required", _, _), ("properties", _, _),
      ("additionalProperties", _, _):
      return nil
    default: return "\(place): the checker doesn't know \(name)"
    }
  }

  private subscript(definition name: String) -> JSONText? {
    root["$defs"]?[String(name.dropFirst("#/$defs/".count))]
  }

  /// A YAML text as the tools of editors see it: words that look like numbers are numbers.
  static func tree(_ text: String) throws -> JSONText {
    guard let node = try Yams.compose(yaml: text) else { return .nothing }
    return tree(node)
  }

  private static func tree(_ node: Node) -> JSONText {
    switch node {
    case .mapping(let mapping): .object(mapping.map { ($0.key.string ?? "", tree($0.value)) })
    case .sequence(let sequence): .list(sequence.map(tree))
    case .scalar(let scalar) where scalar.style != .plain: .text(scalar.string)
    case .scalar(let scalar):
      if ["", "~", "null"].contains(scalar.string) {
        .nothing
      } else if let truth = Bool(scalar.string) {
        .truth(truth)
      } else {
        Int64(scalar.string).map { .integer($0) } ?? .text(scalar.string)
      }
    case .alias: .nothing
    }
  }
}

extension JSONText {
  /// The member of an object.
  subscript(name: String) -> JSONText? {
    guard case .object(let members) = self else { return nil }
    return members.first { $0.0 == name }?.1
  }

  /// The names of an object's members.
  var names: [String] {
    guard case .object(let members) = self else { return [] }
    return members.map(\.0)
  }

  var items: [JSONText] {
    guard case .list(let items) = self else { return [] }
    return items
  }

  fileprivate func isOf(_ type: String) -> Bool {
    switch self {
    case .text: type == "string"
    case .integer: type == "integer" || type == "number"
    case .truth: type == "boolean"
    case .nothing: type == "null"
    case .list: type == "array"
    case .object: type == "object"
    }
  }
}
