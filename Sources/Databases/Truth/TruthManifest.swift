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

  /// The counter of a database: PostgreSQL's sequences.
  package struct Sequence: Sendable, Equatable {
    /// The name: bytes, as with tables.
    package var name: [UInt8]
    /// The value that was given out last, or is to be the first.
    package var value: Int64
    /// Whether it was given out.
    package var isCalled: Bool

    package init(name: [UInt8], value: Int64, isCalled: Bool) {
      self.name = name
      self.value = value
      self.isCalled = isCalled
    }
  }

  /// The engine whose rules the checksums follow: `sqlite`; empty for a dump that is only streams.
  package var engine: String
  /// The checksum of all definitions (tables, indexes, views, triggers); nil where there are none.
  package var schema: Name?
  /// The tables, sorted by the bytes of their names, each once.
  package var tables: [Table]
  /// The sequences, sorted by the bytes of their names, each once.
  package var sequences: [Sequence]
  /// The streams as they were stored, filled by the engine; nil until then.
  package var streams: StreamTally?

  package init(
    engine: String = "", schema: Name? = nil, tables: [Table] = [], sequences: [Sequence] = [],
    streams: StreamTally? = nil
  ) {
    self.engine = engine
    self.schema = schema
    self.tables = tables.sorted { $0.name.lexicographicallyPrecedes($1.name) }
    self.sequences = sequences.sorted { $0.name.lexicographicallyPrecedes($1.name) }
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
    compareSequences(restored, &found)
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

  private func compareSequences(_ restored: TruthManifest, _ found: inout FewRemarks) {
    let others = Dictionary(restored.sequences.map { ($0.name, $0) }) { first, _ in first }
    for sequence in sequences {
      let name = Printable.text(sequence.name)
      guard let other = others[sequence.name] else {
        found.add("sequence \(name) is missing")
        continue
      }
      if other != sequence { found.add("sequence \(name) stands at \(other.text), it stood at \(sequence.text)") }
    }
    let known = Set(sequences.map(\.name))
    for sequence in restored.sequences where !known.contains(sequence.name) {
      found.add("sequence \(Printable.text(sequence.name)) was not there")
    }
  }
}

extension TruthManifest.Sequence {
  fileprivate var text: String { isCalled ? "\(value)" : "\(value), not given out" }
}
