package import Bytes
import Synchronization

/// The places where credentials may lie, in the order in which they are looked at.
///
/// The place that had some is asked first from then on: a run does not change its identity because another place
/// comes up in between.
package final class CredentialsChain: CredentialsSource {
  private let sources: [(name: String, source: any CredentialsSource)]
  private let last = Mutex<Int?>(nil)

  /// - Parameter sources: each with its name for messages: `environment`
  package init(_ sources: [(name: String, source: any CredentialsSource)]) { self.sources = sources }

  package func look() throws(Failure) -> CredentialsFinding {
    if let index = last.withLock({ $0 }), case .found(let credentials) = try sources[index].source.look() {
      return .found(credentials)
    }
    var reasons: [String] = []
    for (index, entry) in sources.enumerated() {
      switch try entry.source.look() {
      case .found(let credentials):
        last.withLock { $0 = index }
        return .found(credentials)
      case .nothing(let reason): reasons.append("\(entry.name) (\(reason))")
      }
    }
    throw Failure(
      .storeDenied, "no credentials for the store", at: "looked in: \(reasons.joined(separator: ", "))",
      next: "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE, or aws-profile in the profile's store.")
  }
}
