/// How large an index may grow: builds one of synthetic blobs the way a backup does, and asks it.
///
/// Run by `Tests/Benchmarks/index`, which says what is measured.
import Bytes
import Glibc
import Repository

do {
  try Measurement(Settings(CommandLine.arguments)).run()
} catch {
  say("failed: \(error)")
  exit(1)
}
