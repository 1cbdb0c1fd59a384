import Bytes
import Cryptography
import Databases
import Format
import Repository

/// The truth manifest inside a snapshot, which only restorers open.
enum SealedTruth {
  static func open(_ snapshot: ListedSnapshot, _ access: RestorerAccess) throws(Failure) -> TruthManifest {
    do throws(Failure) {
      return try TruthManifest(json: try Age.open(snapshot.snapshot.sealed.bytes, with: access.identities))
    } catch {
      throw error.within(snapshot.path.path)
    }
  }
}
