package import Bytes
package import Profiles
package import Store

/// A store with all that is known of the way to it.
package struct StoreAddress: Sendable, Equatable {
  package var location: StoreLocation
  /// What a profile says of it.
  package var settings: StoreSettings

  package init(_ location: StoreLocation, _ settings: StoreSettings = StoreSettings()) {
    self.location = location
    self.settings = settings
  }

  /// A copy that a profile names; throws `usage` for a location that cannot be opened.
  package init(_ copy: CopySettings) throws(Failure) {
    self.init(try StoreLocation(copy.location), copy.store)
  }
}
