/// An effective profile as it travels in a snapshot, made into a file again: on a host where nothing is left of the old
/// one, it is what the next backup and the next restore start from.
package struct SavedProfile: Sendable {
  /// The file, without comments.
  package let yaml: String
  /// Keys whose values were not recorded, because they may be secret; a person has to put them back.
  package private(set) var notRecorded: [String] = []
  /// What the profile was merged over; all of it is in the file already.
  package private(set) var extended: [String] = []
  /// Whether there is no repository in it: the run was described on a command line.
  package private(set) var lacksRepository = true

  /// Deeper keys than any profile has.
  private static let depth = 16
  /// Values that are recorded as they were written, with their variables in them.
  private static let asWritten: Set = ["run", "command", "version", "before", "after", "failed", "finally"]

  /// - Parameter values: an object with dotted keys, as `ProfileDescription.tree` makes it
  package init?(_ values: JSONText) {
    guard case .object(let members) = values else { return nil }
    let root = Node()
    for (key, value) in members {
      if key == Inheritance.key {
        extended = SavedProfile.texts(value)
        continue
      }
      if key == "repository" { lacksRepository = false }
      let steps = SavedProfile.steps(of: key)
      guard !steps.isEmpty, steps.count <= SavedProfile.depth, let name = SavedProfile.name(steps) else { continue }
      if steps.contains(.name("environment")), value == .text("(set)") {
        notRecorded.append(key)
        continue
      }
      let isWritten = SavedProfile.asWritten.contains(name)
      root.put(isWritten ? value : SavedProfile.escaped(value), at: steps[...])
    }
    var text = ""
    root.write(to: &text, indent: 0, order: SavedProfile.order)
    yaml = text
  }

  // MARK: - Keys

  /// One step into a profile: into a group, or a list.
  fileprivate enum Step: Hashable {
    case name(String)
    case index(Int)
  }

  /// `copies[1].store.region` in its steps; nothing for what is no key.
  private static func steps(of key: String) -> [Step] {
    var steps: [Step] = []
    for part in key.split(separator: ".", omittingEmptySubsequences: false) {
      let pieces = part.split(separator: "[", omittingEmptySubsequences: false)
      guard let name = pieces.first, !name.isEmpty else { return [] }
      steps.append(.name(String(name)))
      for piece in pieces.dropFirst() {
        guard piece.hasSuffix("]"), let index = Int(piece.dropLast()), index >= 0 else { return [] }
        steps.append(.index(index))
      }
    }
    return steps
  }

  private static func name(_ steps: [Step]) -> String? {
    for case .name(let name) in steps.reversed() { return name }
    return nil
  }

  /// The keys at the top, in the order in which they are read.
  private static var order: [String] {
    let group = Shape.Group()
    _ = ProfileReader.values(
      Section(recording: group, context: FileContext(file: "", environment: { _ in nil })))
    return group.keys.map(\.name)
  }

  // MARK: - Values

  private static func texts(_ value: JSONText) -> [String] {
    switch value {
    case .text(let text): [text]
    case .list(let items): items.flatMap(texts)
    default: []
    }
  }

  /// A value whose `${` means no variable: it was worked out.
  private static func escaped(_ value: JSONText) -> JSONText {
    switch value {
    case .text(let text): .text(text.split(separator: "${", omittingEmptySubsequences: false).joined(separator: "$${"))
    case .list(let items): .list(items.map(escaped))
    default: value
    }
  }

  /// A value on its way into the file.
  private final class Node {
    private var value: JSONText?
    private var members: [(step: Step, node: Node)] = []

    func put(_ value: JSONText, at steps: ArraySlice<Step>) {
      guard let step = steps.first else {
        self.value = value
        return
      }
      let known = members.first { $0.step == step }?.node
      let node = known ?? Node()
      if known == nil { members.append((step, node)) }
      node.put(value, at: steps.dropFirst())
    }

    func write(to text: inout String, indent: Int, order: [String] = ["kind", "location"]) {
      let space = String(repeating: " ", count: indent)
      for (step, node) in sorted(by: order) {
        let head: String
        switch step {
        case .name(let name): head = space + SavedProfile.scalar(name) + ":"
        case .index: head = space + "-"
        }
        if let value = node.value {
          text += "\(head) \(SavedProfile.inline(value))\n"
        } else {
          text += "\(head)\n"
          node.write(to: &text, indent: indent + 2)
        }
      }
    }

    private func sorted(by order: [String]) -> [(step: Step, node: Node)] {
      func rank(_ step: Step) -> (Int, String) {
        switch step {
        case .index(let index): (index, "")
        case .name(let name): (order.firstIndex(of: name) ?? Int.max, name)
        }
      }
      return members.sorted { rank($0.step) < rank($1.step) }
    }
  }

  private static func inline(_ value: JSONText) -> String {
    switch value {
    case .text(let text): scalar(text)
    case .integer(let number): "\(number)"
    case .truth(let truth): "\(truth)"
    case .nothing, .object: "\"\""
    case .list(let items): "[" + items.map(inline).joined(separator: ", ") + "]"
    }
  }

  /// A text without quotes where YAML can't take it for anything else, as JSON where it could.
  private static func scalar(_ text: String) -> String {
    let isPlain =
      Words.isPlain(text, also: "/._-%+")
      && text.utf8.first.map { Words.isPlain(String(UnicodeScalar($0)), also: "/") } == true
    return isPlain && text != "null" ? text : JSONText.text(text).encoded
  }
}
