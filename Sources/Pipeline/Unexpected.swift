package import Bytes

extension Failure {
  /// Any error as one of the catalogue: a failure stays what it is, everything else is a defect of ours.
  package init(unexpected error: any Error) {
    switch error {
    case let failure as Failure: self = failure
    case let system as SystemError: self = system.failure(.defect, "unexpected error of \(system.call)")
    default: self.init(.defect, "unexpected error: \(error)")
    }
  }
}
