import Bytes
import Glibc

/// Merges a profile with those that it names under `extends`. Groups are merged key by key; anything else replaces what
/// is inherited, and `null` takes it away. Every value keeps the place where it stands.
///
/// Two kinds of groups replace what is inherited as a whole, because half of each would make no sense: one whose `kind`
/// is another, and a reference to a secret.
struct Inheritance {
  /// More files than any family has; two that each extend one twice would otherwise double with every step.
  private static let limit = 64
  static let key = "extends"
  static let about = "profiles that this one is merged over: names, or paths from its folder"

  let context: FileContext
  /// How many files were read.
  private let count = Count()

  private final class Count { var files = 0 }

  init(context: FileContext) { self.context = context }

  /// The profile with all that it inherits.
  func merged(_ node: YAMLNode) -> YAMLNode {
    merged(node, file: context.file, chain: [Member(context.file)])
  }

  /// A file on the way from the first to the one that is being read.
  private struct Member {
    let path: String
    /// Without links and dots, where there is such a file.
    let identity: String

    init(_ path: String) {
      self.path = path
      guard let real = realpath(path, nil) else {
        identity = path
        return
      }
      defer { free(real) }
      identity = String(cString: real)
    }
  }

  private func merged(_ node: YAMLNode, file: String, chain: [Member]) -> YAMLNode {
    guard case .mapping(let pairs) = node.content, let pair = pairs.first(where: { $0.key == Inheritance.key }) else {
      return node
    }
    let field = Field(node: pair.value, key: Inheritance.key, context: context)
    guard let words = field.texts("a profile, or a list of them", allowsOne: true, display: .nothing) else {
      context.noteUnreadBase()
      return node
    }
    var places = [pair.value]
    if case .list(let items) = pair.value.content { places = items }
    var inherited: YAMLNode?
    for (word, place) in zip(words, places) {
      guard let next = base(word, of: file, chain: chain, place: place) else {
        context.noteUnreadBase()
        continue
      }
      inherited = inherited.map { Inheritance.merge($0, next, key: "") } ?? next
    }
    guard let inherited else { return node }
    return Inheritance.merge(inherited, node, key: "")
  }

  /// One file that `file` extends, with all that it inherits itself; nil if there is a problem.
  private func base(_ word: String, of file: String, chain: [Member], place: YAMLNode) -> YAMLNode? {
    let field = Field(node: place, key: Inheritance.key, context: context)
    guard let path = find(word, from: file, field) else { return nil }
    let member = Member(path)
    if let first = chain.firstIndex(where: { $0.identity == member.identity }) {
      let way = (chain[first...] + [member]).map(\.path).joined(separator: " → ")
      field.problem("profiles extend each other in a circle: \(way)")
      return nil
    }
    count.files += 1
    guard count.files <= Inheritance.limit else {
      if count.files == Inheritance.limit + 1 { field.problem("more than \(Inheritance.limit) files are extended") }
      return nil
    }
    guard let node = read(path, field) else { return nil }
    guard case .mapping(let pairs) = merged(node, file: path, chain: chain + [member]).content else {
      context.problems.add(node.mark, "", "a profile is expected, this is \(node.kind)")
      return nil
    }
    return YAMLNode(mark: node.mark, content: .mapping(pairs.filter { $0.key != Inheritance.key }))
  }

  private func read(_ path: String, _ field: Field) -> YAMLNode? {
    let problems = Problems(file: path)
    defer { context.problems.absorb(problems) }
    do throws(Failure) {
      return try YAMLFile.read(path, problems).placed(in: path)
    } catch {
      if problems.isEmpty { field.problem("\(error.what): \(path)") }
      return nil
    }
  }

  /// A path from the folder of the file; or a name, looked up in that folder and then like every profile.
  private func find(_ word: String, from file: String, _ field: Field) -> String? {
    let folder = DurableFile.folder(of: file)
    if Lookup.isPath(word) {
      let path = context.resolve(word, at: field.node.mark)
      if access(path, F_OK) == 0 { return path }
      field.problem("there is no such file: \(path)")
      return nil
    }
    let folders = [folder] + context.folders.filter { $0 != folder }
    do throws(Failure) {
      return try Lookup.profile(word, in: folders)
    } catch {
      let places = error.place.isEmpty ? "" : " in \(error.place)"
      field.problem("\(error.what)\(places); \(error.next.prefix(1).lowercased())\(error.next.dropFirst())")
      return nil
    }
  }

  // MARK: - Merging

  /// `own` over `inherited`.
  static func merge(_ inherited: YAMLNode, _ own: YAMLNode, key: String) -> YAMLNode {
    guard case .mapping(var pairs) = inherited.content, case .mapping(let news) = own.content,
      !isWhole(news, over: pairs, key: key)
    else { return own }
    for pair in news {
      guard let index = pairs.firstIndex(where: { $0.key == pair.key }) else {
        pairs.append(pair)
        continue
      }
      if pair.value.isTakenAway {
        pairs.remove(at: index)
      } else {
        let value = merge(pairs[index].value, pair.value, key: pair.key)
        pairs[index] = YAMLPair(key: pair.key, mark: pair.mark, value: value)
      }
    }
    return YAMLNode(mark: own.mark, content: .mapping(pairs))
  }

  /// Whether a group replaces another as a whole. A group of variables has names that are the person's own.
  private static func isWhole(_ news: [YAMLPair], over olds: [YAMLPair], key: String) -> Bool {
    if let new = kind(news), let old = kind(olds), new != old { return true }
    let forms: Set = ["file", "command", "environment", "credential", "kms", "customer"]
    return key != "environment" && !news.isEmpty && (news + olds).allSatisfy { forms.contains($0.key) }
  }

  private static func kind(_ pairs: [YAMLPair]) -> String? {
    guard case .scalar(let text, _)? = pairs.first(where: { $0.key == "kind" })?.value.content else { return nil }
    return text
  }
}
