import Bytes
import Cryptography
package import Databases
import Format

/// Which tables of a manifest are read whole. The others are counted.
///
/// Tables are ranked by a hash of the seed and their names, and the first ones are drawn: the same seed draws the same
/// tables, whatever their order. Those that have rows are drawn first, for of an empty one the count says everything;
/// so every draw reads at least one that holds something, where there is one. Every table is as likely as any other:
/// drawn by their sizes the large ones would be read every time, and the others never.
package struct ManifestSample: Sendable {
  package let seed: UInt64
  /// Names of tables.
  package let drawn: Set<[UInt8]>
  /// How many tables there are.
  let tables: Int

  /// - Parameters:
  ///   - share: how many of the tables, from 0 to 1; at least one is drawn
  ///   - seed: nil draws one
  ///   - tables: those of the manifest
  package init(share: Double, seed: UInt64?, of tables: [TruthManifest.Table]) {
    let seed = seed ?? UInt64.random(in: 1...999_999)
    self.seed = seed
    self.tables = tables.count
    let count = min(tables.count, max(1, Int((share * Double(tables.count)).rounded(.up))))
    let ranked = tables.map { (isEmpty: $0.rows == 0, rank: ManifestSample.rank($0.name, seed), name: $0.name) }
      .sorted { $0.isEmpty == $1.isEmpty ? $0.rank < $1.rank : $1.isEmpty }
    drawn = Set(ranked.prefix(count).map(\.name))
  }

  private static func rank(_ name: [UInt8], _ seed: UInt64) -> Name {
    var writer = ByteWriter(capacity: name.count + 8)
    writer.integer(seed)
    var hash = HashStream()
    hash.update(writer.bytes + name)
    return hash.finish()
  }

  /// For the record: `seed 7: checksums of 2 of 12 tables, rows of all`.
  var text: String { "seed \(seed): checksums of \(drawn.count) of \(Counted.of(tables, "table")), rows of all" }
}

/// What a comparison with the manifest comes to.
enum ManifestFinding {
  static func of(_ differences: [String], equal: String) -> Finding {
    if differences.isEmpty { return Finding(.pass, equal) }
    return Finding(.fail, "\(Counted.of(differences.count, "difference")) from the manifest", differences)
  }

  static func of(_ differences: [String], _ sample: ManifestSample) -> Finding {
    if differences.isEmpty { return Finding(.pass, "equal in a sample, \(sample.text)") }
    return Finding(
      .fail, "\(Counted.of(differences.count, "difference")) from the manifest in a sample, \(sample.text)", differences
    )
  }
}
