package import Bytes
package import Cryptography

/// What a writer may do and with which keys, signed by a keeper (FORMAT.md, section 5).
package struct Enrolment: Codable, Equatable, Sendable {
  /// Sizes in bytes that the writer's chunker keeps to.
  package struct Chunking: Codable, Hashable, Sendable {
    package let minimum: Int
    package let target: Int
    package let maximum: Int

    package init(minimum: Int, target: Int, maximum: Int) {
      self.minimum = minimum
      self.target = target
      self.maximum = maximum
    }
  }

  /// Stands for every component that no other enrolment names.
  package static let everyComponent = "*"

  package let writer: Identifier
  /// Counts from 1; the highest counts.
  package var revision: UInt64
  /// What people call the writer.
  package var label: String
  package let sign: PublicKey
  /// The writer's age public key.
  package let recipient: String
  package var components: [String]
  package var epoch: UInt32
  package var chunking: Chunking
  /// The content secret, sealed to data.
  package var content: Base64
  /// The list secret, sealed to meta.
  package var lists: Base64

  package init(
    writer: Identifier, revision: UInt64, label: String, sign: PublicKey, recipient: String, components: [String],
    epoch: UInt32, chunking: Chunking, content: Base64, lists: Base64
  ) {
    self.writer = writer
    self.revision = revision
    self.label = label
    self.sign = sign
    self.recipient = recipient
    self.components = components
    self.epoch = epoch
    self.chunking = chunking
    self.content = content
    self.lists = lists
  }

  /// The body of the enrolment's envelope.
  package var body: [UInt8] { JSONBody.encode(self) }

  /// Reads a body.
  package init(body: [UInt8]) throws(Failure) {
    self = try JSONBody.decode(Enrolment.self, from: body, of: "enrolment")
    guard revision > 0, components.allSatisfy({ $0 == Enrolment.everyComponent || Limits.isComponentName($0) }) else {
      throw Failure(.damaged, "enrolment is malformed: field components")
    }
  }

  /// True if the component is granted by name.
  package func names(_ component: String) -> Bool {
    components.contains { $0.utf8.elementsEqual(component.utf8) }
  }

  /// True if the writer may write whatever no other enrolment names.
  package var isOpen: Bool { names(Enrolment.everyComponent) }
}
