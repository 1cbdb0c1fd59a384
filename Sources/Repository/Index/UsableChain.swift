import Bytes

extension BlobIndex {
  /// A blob that a new snapshot may rely on, followed by its base, the base's base and so on.
  ///
  /// Nil unless every one of them lies in a listed, untombstoned pack, in an epoch that counts: a blob without its
  /// bases is as good as absent, and is stored again.
  func usableChain(of name: Name, epoch: UInt32) -> [BlobLocation]? {
    guard var location = usable(name, epoch: epoch) else { return nil }
    var chain = [location]
    while location.depth > 0 {
      guard let base = base(of: location), let below = usable(base, epoch: epoch), below.depth < location.depth else {
        return nil
      }
      chain.append(below)
      location = below
    }
    return chain
  }
}
