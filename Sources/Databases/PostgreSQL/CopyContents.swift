import Bytes

/// What a plain dump held.
package struct CopyContents: Sendable {
  /// A table whose rows it had.
  package struct Table: Sendable {
    package var schema: [UInt8]
    package var name: [UInt8]
    package var rows: UInt64 = 0
    var checksum = MultisetChecksum()

    init(schema: [UInt8], name: [UInt8]) {
      self.schema = schema
      self.name = name
    }

    /// For people.
    var title: String { Printable.text(schema + [UInt8(ascii: ".")] + name) }
  }

  /// In the order of the dump; large objects as `pg_catalog.pg_largeobject` at the end.
  package var tables: [Table] = []
  /// In the order of the dump.
  package var sequences: [PostgreSQLFacts.Sequence] = []
  /// Whether the marker was there that `pg_dump` writes at the end.
  package var isComplete = false
  /// Why it can't be trusted.
  package var problems: [String] = []

  /// The tables and sequences of the streams of one database, as a manifest names them.
  ///
  /// - Parameters:
  ///   - streams: what each stream held
  ///   - database: the name that stands before those of tables
  package static func truth(of streams: [CopyContents], database: String) -> TruthManifest {
    var tables: [[UInt8]: TruthManifest.Table] = [:]
    func full(_ schema: [UInt8], _ name: [UInt8]) -> [UInt8] {
      Array(database.utf8) + [UInt8(ascii: ".")] + schema + [UInt8(ascii: ".")] + name
    }
    for table in streams.flatMap(\.tables) {
      let name = full(table.schema, table.name)
      tables[name] = TruthManifest.Table(name: name, rows: table.rows, checksum: table.checksum.value)
    }
    let sequences = self.sequences(of: streams).map {
      TruthManifest.Sequence(name: full($0.schema, $0.name), value: $0.value, isCalled: $0.isCalled)
    }
    return TruthManifest(engine: "postgresql", tables: Array(tables.values), sequences: sequences)
  }

  /// Every sequence once, sorted. One that belongs to a table with a stream of its own is set in two streams, which read
  /// it at different times, for sequences follow no snapshot: the later value counts.
  package static func sequences(of streams: [CopyContents]) -> [PostgreSQLFacts.Sequence] {
    var found: [CopyStatement.QualifiedName: PostgreSQLFacts.Sequence] = [:]
    for sequence in streams.flatMap(\.sequences) {
      let name = CopyStatement.QualifiedName(schema: sequence.schema, name: sequence.name)
      if let other = found[name], !sequence.isLater(than: other) { continue }
      found[name] = sequence
    }
    return found.values.sorted {
      $0.schema == $1.schema
        ? $0.name.lexicographicallyPrecedes($1.name) : $0.schema.lexicographicallyPrecedes($1.schema)
    }
  }
}

extension PostgreSQLFacts.Sequence {
  /// Going by distance from zero, for a sequence may count down.
  fileprivate func isLater(than other: Self) -> Bool {
    (value.magnitude, isCalled ? 1 : 0) > (other.value.magnitude, other.isCalled ? 1 : 0)
  }
}
