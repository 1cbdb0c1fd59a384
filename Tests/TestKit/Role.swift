import Glibc

/// This test program run a second time, to play the part of a whole process that a test then interrupts or kills.
///
/// A test that only plays a part is enabled by `isPlayed`, and named in `arguments(playing:)`.
package enum Role {
  /// Whether this process was started to play the part.
  package static func isPlayed(_ name: String) -> Bool {
    getenv("LIFEBOAT_TEST_ROLE").map { String(cString: $0) == name } ?? false
  }

  /// What the part was given to work with.
  package static var detail: String { getenv("LIFEBOAT_TEST_DETAIL").map { String(cString: $0) } ?? "" }

  /// A command line that starts this program to play a part.
  ///
  /// - Parameters:
  ///   - name: the part; the test function that plays it has this name
  ///   - detail: handed to it
  package static func arguments(playing name: String, detail: String) -> [String] {
    [
      "/usr/bin/env", "LIFEBOAT_TEST_ROLE=\(name)", "LIFEBOAT_TEST_DETAIL=\(detail)",
      "/proc/\(getpid())/exe", "--testing-library", "swift-testing",
      "--filter", name,
    ]
  }
}
