import Bytes

/// Turns a dump of Redis into commands that bring each key back as it is: `RESTORE` with the value's own bytes, their
/// version and checksum, and the moment at which it expires.
struct RestoreCommands {
  private var parser = RDBParser(wantsValues: true)
  private var database = 0
  /// How many keys there were.
  private(set) var count: UInt64 = 0

  /// Whether the dump came to its end and all of it was understood.
  var isWhole: Bool { parser.isAtEnd && !parser.isLost }
  /// Whether something came that is not understood.
  var isLost: Bool { parser.isLost }

  /// Takes bytes of the dump; appends commands to `output`.
  mutating func take(_ bytes: UnsafeRawBufferPointer, to output: inout [UInt8]) throws(Failure) {
    var parser = parser
    var commands: [UInt8] = []
    var database = database
    var count = count
    self.parser = RDBParser(wantsValues: false)
    defer { self.parser = parser }
    var entries: [RDBParser.Entry] = []
    var libraries: [[UInt8]] = []
    try parser.take(
      bytes, found: { (entry) throws(Failure) in entries.append(entry) },
      library: { (library) throws(Failure) in libraries.append(library) })
    for library in libraries {
      let payload = RestoreCommands.sealed([0xf5] + library, parser.version)
      RestoreCommands.append(
        ["FUNCTION", "RESTORE"].map { Array($0.utf8) } + [payload, Array("REPLACE".utf8)], &commands)
    }
    for entry in entries {
      if entry.database != database {
        RestoreCommands.append([Array("SELECT".utf8), Array("\(entry.database)".utf8)], &commands)
        database = entry.database
      }
      let payload = RestoreCommands.sealed([entry.type] + entry.value, parser.version)
      var words = [Array("RESTORE".utf8), entry.key, Array("\(entry.expires ?? 0)".utf8), payload]
      words += ["REPLACE", "ABSTTL"].map { Array($0.utf8) }
      RestoreCommands.append(words, &commands)
      count += 1
    }
    self.database = database
    self.count = count
    output += commands
  }

  /// A value as `RESTORE` takes it: with the version of its layout and the checksum over both.
  private static func sealed(_ value: [UInt8], _ version: Int) -> [UInt8] {
    var payload = value + [UInt8(version & 0xff), UInt8(version >> 8)]
    var sum = RedisChecksum()
    payload.withUnsafeBytes { sum.update($0) }
    withUnsafeBytes(of: sum.value.littleEndian) { payload += $0 }
    return payload
  }

  static func append(_ words: [[UInt8]], _ output: inout [UInt8]) {
    output += Array("*\(words.count)\r\n".utf8)
    for word in words { output += Array("$\(word.count)\r\n".utf8) + word + [13, 10] }
  }
}
