import CLinux
import Glibc

/// Keeps what lies in this process's memory out of whatever a crash leaves behind.
package enum CrashOutput {
  /// No core file, and no other process of the same user may attach or read: either would hold keys. Children get the
  /// limit, too; best effort, for a system may refuse.
  package static func forbid() {
    var none = rlimit(rlim_cur: 0, rlim_max: 0)
    setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &none)
    _ = linux_forbid_dumps()
  }
}
