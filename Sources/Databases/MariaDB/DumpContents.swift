import Bytes

/// What a dump of MariaDB or MySQL was seen to hold.
package struct DumpContents: Sendable {
  /// One table.
  package struct Table: Sendable, Equatable {
    /// Whether the dump makes it.
    package var isMade = false
    package var rows: UInt64 = 0
    package var checksum = MultisetChecksum()
  }

  /// By `database.table`, the bytes of both.
  package var tables: [[UInt8]: Table] = [:]
  /// The value that each sequence goes on with, by `database.sequence`.
  package var sequences: [[UInt8]: Int64] = [:]
  /// Whether the tool's own mark of completion came.
  package var isCompleted = false
  /// Whether it ends within a line or a statement.
  package var isCutOff = false
  /// Rows that don't look like rows.
  package var oddities = 0

  /// The manifest of what was dumped; without checksums those are zero, and only rows compare.
  package func manifest(checksums: Bool) -> TruthManifest {
    TruthManifest(
      engine: "mariadb",
      tables: tables.map { name, table in
        TruthManifest.Table(name: name, rows: table.rows, checksum: checksums ? table.checksum.value : .zero)
      })
  }
}
