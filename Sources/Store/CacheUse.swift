/// What a cache holds, and in which order it was last used. A plain value; the files are another's business.
struct CacheUse {
  private var sizes: [String: UInt64] = [:]
  private var uses: [String: UInt64] = [:]
  private var total: UInt64 = 0
  private var clock: UInt64 = 0

  /// A copy of this size is there, used just now.
  mutating func note(_ path: String, _ size: UInt64) {
    forget(path)
    sizes[path] = size
    total += size
    use(path)
  }

  /// A copy was used.
  mutating func use(_ path: String) {
    guard sizes[path] != nil else { return }
    clock += 1
    uses[path] = clock
  }

  /// A copy is gone.
  mutating func forget(_ path: String) {
    total -= sizes.removeValue(forKey: path) ?? 0
    uses[path] = nil
  }

  /// The copies to drop, oldest use first, so that the rest comes to at most `limit` bytes.
  func excess(over limit: UInt64) -> [String] {
    guard total > limit else { return [] }
    var excess = total - limit
    var paths: [String] = []
    for (path, _) in uses.sorted(by: { $0.value < $1.value }) {
      if excess == 0 { break }
      paths.append(path)
      excess -= min(excess, sizes[path] ?? 0)
    }
    return paths
  }
}
