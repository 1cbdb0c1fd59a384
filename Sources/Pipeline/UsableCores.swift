import Bytes
import CLinux
import Glibc

/// How many processors this process may really use: by affinity, and by the quota of its control group.
///
/// Inside a container the machine's number of processors is no guide: threads above the quota only take turns.
package enum UsableCores {
  /// At least 1. Reads `/proc` and `/sys` each time; ask once a run.
  package static func count() -> Int {
    let affinity = Int(linux_affinity_count())
    let cores = affinity > 0 ? affinity : sysconf(Int32(_SC_NPROCESSORS_ONLN))
    let quota = quota(membership: text("/proc/self/cgroup") ?? "", read: text)
    return max(1, min(cores, quota ?? cores))
  }

  /// The smallest quota on the way from a group to the root, in whole cores rounded up; nil where there is none.
  ///
  /// - Parameters:
  ///   - membership: the text of `/proc/self/cgroup`
  ///   - read: the text of a file below `/sys/fs/cgroup`, nil if it isn't there
  package static func quota(membership: String, read: (String) -> String?) -> Int? {
    var smallest: Int?
    for line in membership.split(separator: "\n") {
      let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
      guard fields.count == 3 else { continue }
      let isSecond = fields[0] == "0" && fields[1].isEmpty
      guard isSecond || fields[1].split(separator: ",").contains("cpu") else { continue }
      for folder in folders(of: String(fields[2])) {
        let found = isSecond ? secondVersion(folder, read) : firstVersion(folder, read)
        if let found { smallest = min(smallest ?? found, found) }
      }
    }
    return smallest
  }

  /// Cores that a quota and a period in microseconds stand for, rounded up; nil for no limit or nonsense.
  package static func cores(quota: some StringProtocol, period: some StringProtocol) -> Int? {
    guard let quota = Int(quota), let period = Int(period), quota > 0, period > 0 else { return nil }
    let (whole, rest) = quota.quotientAndRemainder(dividingBy: period)
    return max(1, rest == 0 ? whole : whole + 1)
  }

  /// The group's folder and those above it; in a container only the root may be mounted.
  private static func folders(of group: String) -> [String] {
    let components = group.split(separator: "/")
    return (0...components.count).reversed().map { components.prefix($0).map { "/\($0)" }.joined() }
  }

  private static func secondVersion(_ folder: String, _ read: (String) -> String?) -> Int? {
    guard let fields = read("/sys/fs/cgroup\(folder)/cpu.max")?.split(whereSeparator: \.isWhitespace),
      fields.count == 2
    else { return nil }
    return cores(quota: fields[0], period: fields[1])
  }

  private static func firstVersion(_ folder: String, _ read: (String) -> String?) -> Int? {
    for mount in ["/sys/fs/cgroup/cpu,cpuacct", "/sys/fs/cgroup/cpu"] {
      guard let quota = read("\(mount)\(folder)/cpu.cfs_quota_us")?.split(whereSeparator: \.isWhitespace).first,
        let period = read("\(mount)\(folder)/cpu.cfs_period_us")?.split(whereSeparator: \.isWhitespace).first
      else { continue }
      return cores(quota: quota, period: period)
    }
    return nil
  }

  private static func text(_ path: String) -> String? {
    (try? DurableFile.read(path, limit: 65_536)).map { String(decoding: $0, as: UTF8.self) }
  }
}
