extension TruthManifest {
  /// What of the manifest a load is compared with: its databases, or the one table.
  ///
  /// - Parameters:
  ///   - plan: what was loaded
  ///   - found: what was read back
  package func part(of plan: LoadPlan, comparedWith found: TruthManifest) -> TruthManifest {
    var part = self
    part.streams = nil
    // A dump of Redis is only ever loaded whole.
    if engine == "redis" { return part }
    if plan.request.table != nil {
      let names = Set(found.tables.map(\.name) + found.sequences.map(\.name))
      part.tables = tables.filter { names.contains($0.name) }
      part.sequences = sequences.filter { names.contains($0.name) }
    } else {
      let heads = plan.databases.map { Array($0.name.utf8) + [UInt8(ascii: ".")] }
      part.tables = tables.filter { table in heads.contains { table.name.starts(with: $0) } }
      part.sequences = sequences.filter { sequence in heads.contains { sequence.name.starts(with: $0) } }
    }
    return part
  }
}
