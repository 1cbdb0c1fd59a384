import Bytes
import Chunking
import Cryptography
import Glibc

/// Prints what each stage of a chunk's way costs on one core: `Stages [--json] DUMP [DUMP OF THE DAY BEFORE]`.
@main
enum Program {
  static func main() {
    var arguments = Array(CommandLine.arguments.dropFirst())
    let isJSON = arguments.first == "--json"
    if isJSON { arguments.removeFirst() }
    guard (1...2).contains(arguments.count), !arguments[0].hasPrefix("-") else {
      end("usage: Stages [--json] DUMP [DUMP OF THE DAY BEFORE]")
    }
    do throws(Failure) {
      let report = try measure(arguments[0], before: arguments.count > 1 ? arguments[1] : nil)
      print(isJSON ? report.json : report.markdown)
    } catch {
      end(error.description)
    }
  }

  private static func end(_ line: String) -> Never {
    let bytes = Array("Stages: \(line)\n".utf8)
    _ = bytes.withUnsafeBytes { write(2, $0.baseAddress, $0.count) }
    exit(2)
  }

  private static func measure(_ path: String, before: String?) throws(Failure) -> Report {
    let file = try MappedFile.open(path)
    let cutter = Cutter()
    let key = try NamingKey(Secret(random: NamingKey.count))
    var report = Report()
    try file.withBytes { (bytes) throws(Failure) in
      let common = try alone(bytes, cutter, key, &report)
      if let before {
        let old = try MappedFile.open(before)
        try old.withBytes { (old) throws(Failure) in try delta(bytes, old, common, cutter, key, &report) }
      }
    }
    return report
  }

  /// The stages of a first day and of a restore; returns those that every day has: cutting and naming.
  private static func alone(
    _ bytes: UnsafeRawBufferPointer, _ cutter: Cutter, _ key: NamingKey, _ report: inout Report
  ) throws(Failure) -> [Measurement] {
    let loop = GearLoop()
    var chunks: [UnsafeRawBufferPointer] = []
    var candidates = 0
    let gear = Stopwatch.measure("bare gear loop", bytes: bytes.count) {
      candidates = loop.candidates(in: bytes)
      return nil
    }
    let cutting = Stopwatch.measure("cut into chunks", bytes: bytes.count) {
      chunks = cutter.cut(bytes)
      return nil
    }
    var names: Set<Name> = []
    let naming = Stopwatch.measure("name chunks", bytes: bytes.count) {
      for chunk in chunks { names.insert(key.name(of: chunk)) }
      return nil
    }
    let stages = StageRun(chunks)
    let none = [UnsafeRawBufferPointer?](repeating: nil, count: chunks.count)
    var frames = Frames(capacity: bytes.count)
    let fast = try stages.compress("compress alone, level 1", level: 1, bases: none, into: &frames)
    var denser = Frames(capacity: bytes.count)
    let dense = try stages.compress("compress alone, level 3", level: 3, bases: none, into: &denser)
    let decoded = try stages.decompress("decompress alone", frames, bases: none)
    let sealed = try stages.seal(frames)
    let common = [cutting, naming]
    report.add([gear] + common + [fast, dense] + decoded + sealed)
    report.sum(
      "first day: cut, name, level 1, seal, SHA-256, open, decompress, memcmp",
      common + [fast] + decoded + sealed, bytes: bytes.count)
    report.sum("restore: open, decompress, name", [sealed[2], decoded[0], common[1]], bytes: bytes.count)
    // Said, so that no optimiser can leave the work out.
    report.note("candidates of the gear loop", candidates)
    report.note("chunks", chunks.count)
    report.note("different chunks", names.count)
    return common
  }

  /// The stages of a later day: chunks that the day before had are found, the others are compressed against a base.
  private static func delta(
    _ bytes: UnsafeRawBufferPointer, _ before: UnsafeRawBufferPointer, _ common: [Measurement], _ cutter: Cutter,
    _ key: NamingKey, _ report: inout Report
  ) throws(Failure) {
    let old = cutter.cut(before)
    let known = Set(old.map { key.name(of: $0) })
    let all = cutter.cut(bytes)
    let choice = Bases(old).choose(for: all)
    let new = zip(all, choice).filter { !known.contains(key.name(of: $0.0)) }
    let bases = new.map(\.1)
    let stages = StageRun(new.map(\.0))
    var frames = Frames(capacity: stages.bytes)
    let fast = try stages.compress("delta, level 1", level: 1, bases: bases, into: &frames)
    var denser = Frames(capacity: stages.bytes)
    let dense = try stages.compress("delta, level 3", level: 3, bases: bases, into: &denser)
    let decoded = try stages.decompress("decompress with base", frames, bases: bases)
    let sealed = try stages.seal(frames)
    report.add([fast, dense, decoded[0]])
    report.sum(
      "later day: cut, name, delta level 1, seal, SHA-256, open, decompress, memcmp",
      common + [fast] + decoded + sealed, bytes: bytes.count)
    report.note("new chunks", new.count)
  }
}

/// Cuts a whole file as a backup does, with a fixed secret.
struct Cutter {
  private let chunker: Chunker

  init() {
    let secret = (0..<Chunker.secretCount).map { UInt8($0) }
    chunker = secret.withUnsafeBytes { Chunker(secret: $0, parameters: .standard) }
  }

  /// The chunks of `bytes`, in order.
  func cut(_ bytes: UnsafeRawBufferPointer) -> [UnsafeRawBufferPointer] {
    var chunks: [UnsafeRawBufferPointer] = []
    var search = CutSearch()
    var rest = bytes
    while let length = chunker.cut(rest, &search, isLast: true) {
      chunks.append(UnsafeRawBufferPointer(rebasing: rest[..<length]))
      rest = UnsafeRawBufferPointer(rebasing: rest[length...])
    }
    return chunks
  }
}
