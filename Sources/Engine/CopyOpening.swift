import Bytes
import Profiles
package import Repository
import Store

/// Opens the copies of a repository.
package enum CopyOpening {
  /// A copy that does not answer must not hold a recovery up for as long as the store itself may.
  private static let patience = Seconds(60)

  /// Opens every copy that can be opened; the others are told of.
  package static func open(_ addresses: [StoreAddress], in surroundings: StoreSurroundings) -> [StoreCopy] {
    addresses.enumerated().compactMap { index, address in
      var address = address
      address.settings.retryFor = address.settings.retryFor ?? patience
      do throws(Failure) {
        return StoreCopy(address.location.text, try StoreOpening.open(address, in: surroundings.of(.copy(index + 1))))
      } catch {
        surroundings.notices(.degraded("the copy in \(address.location.text) cannot be used: \(error.description)"))
        return nil
      }
    }
  }
}
