import Bytes
import Glibc
import Pipeline
import TestKit

func shell(_ script: String, _ arguments: String...) -> ChildCommand {
  ChildCommand("sh", ["-c", script, "sh"] + arguments)
}

func text(_ child: Child) throws -> String {
  var bytes: [UInt8] = []
  var part = Buffer(capacity: 65_536)
  while true {
    part.count = try part.withCapacity { try child.read(into: $0) }
    if part.count == 0 { return String(decoding: bytes, as: UTF8.self) }
    part.withBytes { bytes.append(contentsOf: $0) }
  }
}

/// Whether a process is there and no zombie.
func isRunning(_ process: pid_t) -> Bool {
  guard let bytes = try? Files.read("/proc/\(process)/stat") else { return false }
  let fields = String(decoding: bytes, as: UTF8.self).split(separator: ")").last?.split(separator: " ")
  return fields?.first != "Z"
}

/// Waits for something that must come; gives up only so that a failing test does not hang.
func waitUntil(_ condition: () throws -> Bool) throws {
  for _ in 0..<15_000 {
    if try condition() { return }
    usleep(2000)
  }
  throw Failure(.defect, "what the test waits for did not come")
}
