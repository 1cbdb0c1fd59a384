package import Bytes
import Glibc
package import Pipeline
package import Profiles

/// A folder with everything in it: regular files with their bytes, folders and symbolic links as entries. The order is
/// that of a walk: the names of a folder by their bytes, a folder before what is in it.
///
/// Each name of a hard-linked file is stored as a file of its own (its bytes are stored once all the same). Sockets,
/// pipes and devices are left out and named. Access lists and extended attributes are not stored.
package struct DirectorySource: DumpSource {
  private let settings: DirectorySettings

  package init(_ settings: DirectorySettings) { self.settings = settings }

  package func prepare(stop: StopSignal) throws(Failure) -> SourceDescription {
    let root = try open()
    _ = consume root
    return SourceDescription(engine: "directory", identity: SQLiteCommand.absolute(settings.path))
  }

  package func dump(into sink: any StreamSink, stop: StopSignal) throws(Failure) -> DumpOutcome {
    let root = try open()
    let walk = DirectoryWalk(sink: sink, exclusion: Exclusion(settings.exclude), stop: stop)
    try walk.visit(root, path: [], depth: 0)
    return DumpOutcome(verdict: DumpOutcome.verdict(walk.reasons.all), warnings: walk.warnings.all)
  }

  private func open() throws(Failure) -> Descriptor {
    do {
      return try Descriptor.open(settings.path, O_RDONLY | O_DIRECTORY)
    } catch {
      throw error.failure(.sourceFailed, "can't read the folder", next: "Check source.path and the permissions.")
    }
  }
}
