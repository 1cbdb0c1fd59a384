import Bytes
import Glibc

/// The names in one folder, sorted by their bytes. They lie end to end in one array: a folder of a million files takes
/// some tens of megabytes, and only one folder a level is held.
struct NameList {
  private var bytes: [UInt8] = []
  private var ends: [Int] = []
  private var order: [Int32] = []

  /// Reads the folder behind `descriptor`, which is only borrowed.
  init(of descriptor: Int32) throws(SystemError) {
    let copy = try retrying("openat", "") { openat(descriptor, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
    guard let stream = fdopendir(copy) else {
      let number = errno
      close(copy)
      throw SystemError(call: "fdopendir", subject: "", number: number)
    }
    defer { closedir(stream) }
    while true {
      errno = 0
      guard let entry = readdir(stream) else {
        if errno != 0 { throw SystemError(call: "readdir", subject: "", number: errno) }
        break
      }
      guard let name = DirectoryEntry.name(entry) else { continue }
      bytes += name
      ends.append(bytes.count)
    }
    sort()
  }

  var count: Int { ends.count }

  /// The name at a place of the sorted order.
  subscript(place: Int) -> [UInt8] { Array(bytes[range(Int(order[place]))]) }

  private func range(_ index: Int) -> Range<Int> { (index == 0 ? 0 : ends[index - 1])..<ends[index] }

  private mutating func sort() {
    var order = Array(Int32(0)..<Int32(ends.count))
    bytes.withUnsafeBytes { raw in
      order.sort { left, right in
        let (left, right) = (range(Int(left)), range(Int(right)))
        let common = min(left.count, right.count)
        guard common > 0, let base = raw.baseAddress else { return left.count < right.count }
        let result = memcmp(base + left.lowerBound, base + right.lowerBound, common)
        return result == 0 ? left.count < right.count : result < 0
      }
    }
    self.order = order
  }
}
