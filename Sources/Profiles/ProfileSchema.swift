/// The JSON schema of profiles (draft 2020-12), for editors. It is made by running the readers of profiles where they
/// find every key and writing down what they ask for, so it knows the keys that they know.
///
/// It lets some files pass that `profile validate` refuses: what depends on several values is not in it, nor are keys
/// that a file may inherit.
package enum ProfileSchema {
  /// The schema, ready to be printed.
  package static var json: JSONText {
    let context = FileContext(file: "", environment: { _ in nil })
    let root = Shape.Group()
    _ = ProfileReader.values(Section(recording: root, context: context))
    let required = root.required
    // What a profile must have may stand in a file that it extends, and a file without a component is such a one.
    let complete: [(String, JSONText)] = [
      (
        "anyOf",
        .list([
          .object([("required", .list(required.map { .text($0) }))]),
          .object([("required", .list([.text(Inheritance.key)]))]),
          .object([("not", .object([("required", .list([.text("component")]))]))]),
        ])
      )
    ]
    return .object(
      [
        ("$schema", .text("https://json-schema.org/draft/2020-12/schema")), ("title", .text("A profile of lifeboat")),
        (
          "$comment",
          .text("null takes an inherited value away; lifeboat profile validate tells everything that is wrong")
        ),
      ] + members(of: root, isWhole: false) + complete + [("$defs", definitions)])
  }

  /// - Parameter isWhole: whether all of the group stands here: it is in a list, which is inherited as a whole
  private static func members(of group: Shape.Group, isWhole: Bool) -> [(String, JSONText)] {
    guard let key = group.variantKey else { return object(group, nil, isWhole: isWhole) }
    let variants = group.variants.map { word, variant in
      JSONText.object(object(variant, (key, word), isWhole: isWhole))
    }
    return [("anyOf", .list(variants))]
  }

  private static func object(
    _ group: Shape.Group, _ variant: (key: String, word: String)?, isWhole: Bool
  ) -> [(String, JSONText)] {
    var properties: [(String, JSONText)] = []
    if let (key, word) = variant { properties.append((key, .object([("const", .text(word))]))) }
    for (name, shape) in group.keys { properties.append((name, schema(shape, isWhole: isWhole, isOptional: true))) }
    let free = group.free.map { schema($0, isWhole: isWhole, isOptional: true) }
    var members: [(String, JSONText)] = [("type", .text("object"))]
    if !properties.isEmpty { members.append(("properties", .object(properties))) }
    members.append(("additionalProperties", free ?? .truth(false)))
    if isWhole, !group.required.isEmpty { members.append(("required", .list(group.required.map { .text($0) }))) }
    if group.isChoice { members += [("minProperties", .integer(1)), ("maxProperties", .integer(1))] }
    return members
  }

  private static func schema(_ shape: Shape, isWhole: Bool, isOptional: Bool) -> JSONText {
    var forms: [JSONText] = []
    for form in shape.forms {
      for schema in schemas(form, isWhole: isWhole) where !forms.contains(schema) { forms.append(schema) }
    }
    if isOptional { forms.append(.object([("type", .text("null"))])) }
    var members: [(String, JSONText)] = []
    if !shape.about.isEmpty { members.append(("description", .text(shape.about))) }
    if let assumed = shape.assumed {
      let truth = shape.forms.contains { if case .truth = $0 { true } else { false } }
      members.append(("default", truth ? .truth(assumed == "true") : .text(assumed)))
    }
    return .object(members + [("anyOf", .list(forms))])
  }

  private static func schemas(_ form: Shape.Form, isWhole: Bool) -> [JSONText] {
    func reference(_ name: String) -> JSONText { .object([("$ref", .text("#/$defs/\(name)"))]) }
    switch form {
    case .text: return [reference("text")]
    case .pattern(let pattern): return [reference(pattern.rawValue), reference("variable")]
    case .integer(let range):
      let bounds: [(String, JSONText)] = [
        ("type", .text("integer")), ("minimum", .integer(Int64(range.lowerBound))),
        ("maximum", .integer(Int64(range.upperBound))),
      ]
      return [.object(bounds), reference("variable")]
    case .number: return [.object([("type", .text("number"))]), reference("variable")]
    case .truth: return [.object([("type", .text("boolean"))]), reference("variable")]
    case .words(let words): return [.object([("enum", .list(words.map { .text($0) }))]), reference("variable")]
    case .list(let item):
      let items = schema(item, isWhole: true, isOptional: false)
      return [.object([("type", .text("array")), ("minItems", .integer(1)), ("items", items)])]
    case .group(let group): return [.object(members(of: group, isWhole: isWhole))]
    }
  }

  /// What stands in many places.
  private static var definitions: JSONText {
    // Words that YAML turns into something else are texts all the same: profiles take them as they are written.
    let scalars: [JSONText] = [.text("string"), .text("number"), .text("boolean")]
    let text = JSONText.object([("type", .list(scalars)), ("minLength", .integer(1))])
    let variable = JSONText.object([("type", .text("string")), ("pattern", .text("\\$\\{[A-Za-z_]"))])
    let patterns = Shape.Pattern.allCases.map { pattern in
      // A name may be all digits; all others hold a letter or a sign.
      let type: JSONText = pattern == .identifier ? .list(scalars) : .text("string")
      return (pattern.rawValue, JSONText.object([("type", type), ("pattern", .text(pattern.expression))]))
    }
    return .object([("text", text), ("variable", variable)] + patterns)
  }
}
