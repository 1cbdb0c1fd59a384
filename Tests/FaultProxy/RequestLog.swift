/// One request that came by, and what became of it.
package struct ProxiedRequest: Sendable {
  /// Such as `PUT`.
  package let method: String
  /// Path and query as sent.
  package let target: String
  /// The public half of the access key that signed it; empty without one.
  package let credential: String
  /// When its head had come: nanoseconds of the monotonic clock that does not count suspension.
  package let began: UInt64
  /// The answer's status; 0 while there was none.
  package internal(set) var status = 0
  /// Bytes of its body that were passed on.
  package internal(set) var sent: UInt64 = 0
  /// Bytes of the answer's body that were passed back.
  package internal(set) var received: UInt64 = 0
  /// The place in the script of the fault that it met; nil without one.
  package internal(set) var fault: Int?

  /// The target without its query.
  package var path: String { String(target.prefix { $0 != "?" }) }

  /// The value of one item of the query, as sent; nil without it.
  package func query(_ name: String) -> String? {
    for item in target.drop(while: { $0 != "?" }).dropFirst().split(separator: "&") {
      let parts = item.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      if parts[0] == name { return parts.count > 1 ? String(parts[1]) : "" }
    }
    return nil
  }
}

extension Sequence<ProxiedRequest> {
  /// How many there are of each kind.
  ///
  /// - Parameter kind: says what kind a request is
  package func counts<Kind: Hashable>(by kind: (ProxiedRequest) -> Kind) -> [Kind: Int] {
    reduce(into: [:]) { $0[kind($1), default: 0] += 1 }
  }
}
