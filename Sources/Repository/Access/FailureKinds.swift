import Bytes

extension Failure.Code {
  /// True for failures that condemn one object; false for those that stop the work, such as a store that fails.
  var isAboutTheObject: Bool {
    switch self {
    case .damaged, .keyUntrusted, .keyWrongRole, .unsupportedFormat, .storeMissing: true
    default: false
    }
  }
}
