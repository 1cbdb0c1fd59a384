import FoundationEssentials
import Profiles

/// JSON that comes out of a repository, as a tree that can be printed again.
enum JSONValue {
  private enum Node: Decodable {
    case tree(JSONText)

    init(from decoder: any Decoder) throws {
      if let keyed = try? decoder.container(keyedBy: Key.self) {
        let members = try keyed.allKeys.sorted { $0.stringValue < $1.stringValue }.map { key in
          (key.stringValue, try keyed.decode(Node.self, forKey: key).value)
        }
        self = .tree(.object(members))
        return
      }
      if var list = try? decoder.unkeyedContainer() {
        var items: [JSONText] = []
        while !list.isAtEnd { items.append(try list.decode(Node.self).value) }
        self = .tree(.list(items))
        return
      }
      let single = try decoder.singleValueContainer()
      if single.decodeNil() {
        self = .tree(.nothing)
      } else if let truth = try? single.decode(Bool.self) {
        self = .tree(.truth(truth))
      } else if let number = try? single.decode(Int64.self) {
        self = .tree(.integer(number))
      } else {
        self = .tree(.text(try single.decode(String.self)))
      }
    }

    var value: JSONText {
      switch self {
      case .tree(let value): value
      }
    }
  }

  private struct Key: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }

    init?(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }

  /// The tree that a text spells; nil if it is no JSON.
  static func parse(_ text: String) -> JSONText? {
    try? JSONDecoder().decode(Node.self, from: Data(text.utf8)).value
  }
}
