/// What the readers of profiles know of one value. It is written down by running them where every key is found and
/// nothing has a value yet: so what an editor is told and what is read can't disagree.
final class Shape {
  /// A kind of text that a pattern describes; what it lets pass may still be refused by its reader.
  enum Pattern: String, CaseIterable {
    case span, size, identifier, percent, schedule

    /// An ECMA 262 pattern.
    var expression: String {
      switch self {
      case .span: "^([0-9]+w)?([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?$"
      case .size: "^[0-9]+ ?([KkMmGgTt][Ii]?)?[Bb]$"
      case .identifier: "^[a-z0-9-]{1,64}$"
      case .percent: "^[0-9]+(\\.[0-9]+)?%$"
      case .schedule: Schedule.pattern
      }
    }
  }

  /// One way to write a value.
  enum Form {
    case text
    case pattern(Pattern)
    case integer(ClosedRange<Int>)
    case number
    case truth
    case words([String])
    case list(Shape)
    case group(Group)
  }

  /// A group of keys.
  final class Group {
    private(set) var keys: [(name: String, shape: Shape)] = []
    var required: [String] = []
    /// Whether exactly one of the keys stands there.
    var isChoice = false
    /// The values of keys that are the person's own words.
    var free: Shape?
    /// The key that decides between `variants`, whose keys come on top of `keys`.
    var variantKey: String?
    var variants: [(word: String, group: Group)] = []

    func shape(_ name: String, _ about: String, _ assumed: String?) -> Shape {
      if let known = keys.first(where: { $0.name == name })?.shape { return known }
      let shape = Shape(about: about, assumed: assumed)
      keys.append((name, shape))
      return shape
    }
  }

  let about: String
  private(set) var forms: [Form] = []
  /// What counts where the value is left out.
  let assumed: String?

  init(about: String, assumed: String? = nil) {
    self.about = about
    self.assumed = assumed
  }

  func add(_ form: Form) { forms.append(form) }
}
