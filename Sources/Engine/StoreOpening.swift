package import Bytes
package import Store

/// Opens stores by their location: the one place that knows every kind.
package enum StoreOpening {
  /// Opens a store.
  ///
  /// - Parameters:
  ///   - location: where it is
  ///   - create: makes a local folder if it isn't there; otherwise that throws `storeMissing`
  package static func open(_ location: StoreLocation, create: Bool = false) throws(Failure) -> any Store {
    switch location {
    case .local(let path): try LocalStore(path, create: create)
    case .s3: throw Failure(.usage, "s3 stores are not supported yet", at: location.text, next: "Give a folder.")
    }
  }
}
