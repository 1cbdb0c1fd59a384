package import Bytes

/// What was dumped, as it truly was: taken from the same consistent state as the dump, sealed to those who may read
/// dumps, and compared exactly with what a drill has restored.
package struct TruthManifest: Sendable, Equatable {
  /// One table.
  package struct Table: Sendable, Equatable {
    /// The name: bytes, never compared by Unicode equivalence.
    package var name: [UInt8]
    /// How many rows it has.
    package var rows: UInt64
    /// The order-independent checksum of its rows.
    package var checksum: Name

    package init(name: [UInt8], rows: UInt64, checksum: Name) {
      self.name = name
      self.rows = rows
      self.checksum = checksum
    }
  }

  /// The engine whose rules the checksums follow: `sqlite`; empty for a dump that is only streams.
  package var engine: String
  /// The checksum of all definitions (tables, indexes, views, triggers); nil where there are none.
  package var schema: Name?
  /// The tables, sorted by the bytes of their names, each once.
  package var tables: [Table]
  /// The streams as they were stored, filled by the engine; nil until then.
  package var streams: StreamTally?

  package init(engine: String = "", schema: Name? = nil, tables: [Table] = [], streams: StreamTally? = nil) {
    self.engine = engine
    self.schema = schema
    self.tables = tables.sorted { $0.name.lexicographicallyPrecedes($1.name) }
    self.streams = streams
  }

  /// How many rows all tables have.
  package var rows: UInt64 { tables.reduce(0) { $0 &+ $1.rows } }

  /// Whether it says anything about data: a manifest without tables and streams proves nothing.
  package var isEmpty: Bool { tables.isEmpty && streams == nil && schema == nil }

  /// Every difference between this manifest and that of restored data, in words; empty if they agree. A part that only
  /// one of them has is a difference, for what was not compared is not proven; but streams are compared only where
  /// both have them.
  package func differences(from restored: TruthManifest) -> [String] {
    var found = FewRemarks()
    if engine != restored.engine { found.add("the engine is \(restored.engine), it was \(engine)") }
    if schema != restored.schema { found.add("the schema differs") }
    compareTables(restored, &found)
    if let streams, let other = restored.streams, streams != other {
      found.add(
        "the streams differ: \(other.count) with \(other.bytes) bytes, there were \(streams.count) with \(streams.bytes) bytes"
      )
    }
    return found.all
  }

  private func compareTables(_ restored: TruthManifest, _ found: inout FewRemarks) {
    let others = Dictionary(restored.tables.map { ($0.name, $0) }) { first, _ in first }
    for table in tables {
      let name = Printable.text(table.name)
      guard let other = others[table.name] else {
        found.add("table \(name) is missing")
        continue
      }
      if other.rows != table.rows {
        found.add("table \(name) has \(other.rows) rows, it had \(table.rows)")
      } else if other.checksum != table.checksum {
        found.add("table \(name) has other contents in its \(table.rows) rows")
      }
    }
    let known = Set(tables.map(\.name))
    for table in restored.tables where !known.contains(table.name) {
      found.add("table \(Printable.text(table.name)) was not there")
    }
  }
}
