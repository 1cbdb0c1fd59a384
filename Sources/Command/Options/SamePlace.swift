import Glibc
import Store

extension StoreLocation {
  /// True if both are one place, however each is spelled: a folder has many paths.
  func isSame(as other: StoreLocation) -> Bool {
    if self == other { return true }
    guard case .local(let one) = self, case .local(let two) = other else { return false }
    var (first, second) = (stat(), stat())
    guard stat(one, &first) == 0, stat(two, &second) == 0 else { return false }
    return first.st_dev == second.st_dev && first.st_ino == second.st_ino
  }
}
