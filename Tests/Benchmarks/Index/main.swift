/// How large an index may grow: builds one of synthetic blobs the way a backup does, and asks it; or makes a store of
/// very many small runs and opens it.
///
/// Run by `Tests/Benchmarks/index`, which says what is measured.
import Bytes
import Glibc
import Repository

do {
  let settings = Settings(CommandLine.arguments)
  if settings.snapshots > 0 {
    try StoreMeasurement(snapshots: settings.snapshots, folder: settings.folder).run()
  } else {
    try Measurement(settings).run()
  }
} catch {
  say("failed: \(error)")
  exit(1)
}
