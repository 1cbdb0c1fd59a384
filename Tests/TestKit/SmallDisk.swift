import Glibc

/// A file system of a few megabytes in memory, for tests about full and read-only disks. Needs root to mount it.
package final class SmallDisk: Sendable {
  /// Where it is mounted.
  package let path: String
  private let folder: TemporaryFolder

  /// Nil, said loudly, where mounting is not allowed; a failure in CI for root, who must be able to.
  package init?(megabytes: Int) throws {
    folder = TemporaryFolder()
    path = folder.path("disk")
    mkdir(path, 0o700)
    let words = ["mount", "-t", "tmpfs", "-o", "size=\(megabytes)m,mode=0700", "tmpfs", path]
    let outcome = geteuid() == 0 ? try Program.run(words) : nil
    if outcome?.status == 0 { return }
    if getenv("CI") != nil, let outcome { throw Refused(errors: outcome.errors) }
    Files.say("*** NOT TESTED: cannot mount a small disk; what happens when one is full was skipped ***")
    return nil
  }

  deinit { _ = try? Program.run(["umount", "-l", path]) }

  /// Makes it read-only.
  package func makeReadOnly() throws { _ = try Program.run(["mount", "-o", "remount,ro", path]) }

  /// The system did not let us mount.
  package struct Refused: Error {
    /// What `mount` said.
    package let errors: String
  }
}
