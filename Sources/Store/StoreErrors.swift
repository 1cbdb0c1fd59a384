import Bytes
import Glibc

extension SystemError {
  /// Whether there is no object: nothing has the name, or what has it, or one of its folders, is a link or no folder
  /// at all. A listing passes such things over, and so does everything else that only looks.
  var isAbsence: Bool { number == ENOENT || number == ELOOP || number == ENOTDIR }

  /// A failure of a local store: what the system said, in the words of the store's contract.
  func storeFailure(_ what: String, at place: String) -> Failure {
    switch number {
    case ENOSPC, EDQUOT:
      Failure(
        .storeFull, "\(what): \(reason)", at: place,
        next: "Make room, or prune snapshots that are no longer needed.")
    case EACCES, EPERM, EROFS:
      Failure(
        .storeDenied, "\(what): \(reason)", at: place,
        next: "Check the owner and the mode of the folder, and how it is mounted.")
    case ENOENT: Failure(.storeMissing, "\(what): \(reason)", at: place)
    case ELOOP, ENOTDIR:
      Failure(
        .storeUnavailable, "\(what): a link or a file lies where a folder should be", at: place,
        next: "Move away what does not belong to the store.")
    default: Failure(.storeUnavailable, "\(what): \(reason)", at: place)
    }
  }
}
