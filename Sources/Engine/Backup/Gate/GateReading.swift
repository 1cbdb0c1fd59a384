import Databases
import Format

/// The figures of one dump that the gate compares.
struct GateReading: Codable, Equatable, Sendable {
  struct Table: Codable, Equatable, Sendable {
    /// The bytes of the name.
    let name: Base64
    let rows: UInt64

    init(name: [UInt8], rows: UInt64) {
      self.name = Base64(name)
      self.rows = rows
    }
  }

  /// The bytes of all streams.
  let bytes: UInt64
  /// Nil where the source does not count rows.
  let tables: [Table]?

  init(bytes: UInt64, tables: [Table]?) {
    self.bytes = bytes
    self.tables = tables
  }

  /// - Parameters:
  ///   - bytes: of all streams, as they were stored
  ///   - truth: what the source says of its tables
  init(bytes: UInt64, truth: TruthManifest?) {
    self.bytes = bytes
    // A source that speaks of no table has nothing to compare, unless it had tables before: the schema tells.
    tables = truth.flatMap { truth in
      truth.tables.isEmpty && truth.schema == nil ? nil : truth.tables.map { Table(name: $0.name, rows: $0.rows) }
    }
  }

  /// The rows of all tables; nil where nobody counted.
  var rows: UInt64? { tables.map { $0.reduce(0) { $0 &+ $1.rows } } }
}
