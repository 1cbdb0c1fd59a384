package import Bytes

/// Where an object lies in a store: components of `a-z A-Z 0-9 - _ .` joined by slashes.
///
/// Nothing that a file system, a bucket or a shell could understand in another way can be written down as one. No
/// component begins with a dot, so such names are free for a store's own files.
package struct StorePath: Hashable, Comparable, Sendable {
  /// The longest path in bytes.
  package static let longest = 512
  /// The longest component in bytes.
  package static let longestComponent = 255

  /// The path as text, without a slash at either end.
  package let text: String

  /// Nil for anything but a valid path.
  package init?(_ text: String) {
    guard text.utf8.count <= StorePath.longest else { return nil }
    let components = text.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
    guard components.allSatisfy(StorePath.isComponent) else { return nil }
    self.text = text
  }

  /// A path that another floor composed; throws `defect` for an invalid one.
  package init(checking text: String) throws(Failure) {
    guard let path = StorePath(text) else { throw Failure(.defect, "not a path in a store", at: text) }
    self = path
  }

  /// The components in order; at least one.
  package var components: [Substring] { text.split(separator: "/") }

  /// The last component: for most objects their name.
  package var name: String { String(components.last ?? "") }

  /// Whether a listing prefix is empty or the beginning of a valid path.
  package static func isPrefix(_ text: String) -> Bool {
    text.isEmpty || StorePath(text) != nil || (text.utf8.last == UInt8(ascii: "/") && StorePath(text + "x") != nil)
  }

  /// By bytes.
  package static func < (left: StorePath, right: StorePath) -> Bool {
    left.text.utf8.lexicographicallyPrecedes(right.text.utf8)
  }

  private static func isComponent(_ component: some Collection<UInt8>) -> Bool {
    guard let first = component.first, first != UInt8(ascii: "."), component.count <= longestComponent else {
      return false
    }
    return component.allSatisfy { byte in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."):
        true
      default: false
      }
    }
  }
}

extension StorePath: CustomStringConvertible {
  package var description: String { text }
}
