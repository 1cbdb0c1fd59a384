/// What a store says of a request that it refused.
package struct S3Error: Sendable, Equatable {
  /// From S3's list, such as `SlowDown`; empty where the answer named none.
  package var code = ""
  /// For people; from the store, so nothing is to be believed of it.
  package var message = ""
  /// The region where the bucket is, if the refusal is about that.
  package var region = ""

  package init(code: String = "", message: String = "", region: String = "") {
    self.code = code
    self.message = message
    self.region = region
  }

  /// Reads as much as there is: an answer to `HEAD` has no document, and what is in between may write a page of its own.
  package init(document: [UInt8]) {
    self.init()
    var reader = XMLReader(document)
    do {
      guard try reader.next() == .start("Error") else { return }
      while let token = try reader.next() {
        guard case .start(let name) = token else { continue }
        switch name {
        case "Code": code = S3Error.line(try reader.element(), 64)
        case "Message": message = S3Error.line(try reader.element(), 300)
        case "Region": region = S3Error.line(try reader.element(), 64)
        default: try reader.skip()
        }
      }
    } catch {
      // What was read before it broke off still counts.
    }
  }

  /// One line of printable text, for it ends on terminals.
  private static func line(_ text: String, _ longest: Int) -> String {
    let printable = text.unicodeScalars.prefix(longest).map { scalar -> Character in
      scalar.properties.generalCategory == .control ? " " : Character(scalar)
    }
    return String(printable)
  }
}
