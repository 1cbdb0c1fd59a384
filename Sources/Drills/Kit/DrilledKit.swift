package import Bytes
package import Engine
import Format
import Pipeline
package import Profiles
package import Repository

extension RecoveryKit {
  /// The kit that a drill runs: the page that `lifeboat rescue-kit` prints for the component now.
  ///
  /// - Parameters:
  ///   - drill: where everything lies
  ///   - listed: the newest whole snapshot: the page's commands take no other
  ///   - access: the repository
  ///   - ledger: for the measured times
  ///   - program: the lifeboat that is brought along
  ///   - tool: name and version of this program
  ///   - surroundings: where endpoint and region are found that the drill leaves open
  package init(
    _ drill: Drill, _ listed: ListedSnapshot, _ access: RestorerAccess, _ ledger: Ledger, program: KitProgram,
    tool: String, in surroundings: StoreSurroundings
  ) throws(Failure) {
    var contents = KitContents(listed)
    try contents.read(listed, access, stop: surroundings.stop)
    var copies: [KitPlace] = []
    for copy in drill.copies { copies.append(try KitPlace(try StoreAddress(copy), in: surroundings)) }
    let primary = try StoreAddress(CopySettings(location: drill.repository, store: drill.store))
    var keys: [Role: String] = [:]
    keys[.restorer] = drill.keys.restorer
    keys[.keeper] = drill.keys.keeper
    keys[.writer] = drill.keys.writer
    self.init(
      drill.component, contents, access.meta, ledger,
      Surroundings(
        primary: try KitPlace(primary, in: surroundings), copies: copies, keys: keys, objectives: drill.objectives,
        tool: tool, program: program.digest, printed: WallClock.now()))
  }
}
