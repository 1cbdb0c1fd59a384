import Bytes

/// Walks through a dump of Redis (layouts up to version 12) as its bytes come, and finds each key with its value as it
/// stands there, without opening the value. What it doesn't know ends the walk.
struct RDBParser {
  /// One key.
  struct Entry {
    var database = 0
    var key: [UInt8] = []
    var type: UInt8 = 0
    /// Milliseconds since 1970; nil for a key that stays.
    var expires: UInt64?
    /// The value as the dump has it, where values are wanted.
    var value: [UInt8] = []
  }

  /// What is still to be read, the next one last.
  private indirect enum Task {
    case header, opcode
    case skip(UInt64)
    /// A string, an encoded number or a compressed string.
    case string
    /// A length that is read and passed over.
    case length
    /// So many times the tasks, in order; the count is read first, or known.
    case counted([Task])
    case times(UInt64, [Task])
    /// A double as text: a length byte, from 253 on nothing follows.
    case textDouble
    case module
    case key, valueBegins, entryEnds, functionEnds
    case selectDatabase, expireSeconds, expireMilliseconds
    case end
  }

  private let wantsValues: Bool
  private var tasks: [Task] = [.header]
  private var pending: [UInt8] = []
  private var entry = Entry()
  private var isCapturing = false
  /// The version of the layout.
  private(set) var version = 0
  private(set) var isAtEnd = false
  /// Something that this walk doesn't know.
  private(set) var isLost = false

  init(wantsValues: Bool) { self.wantsValues = wantsValues }

  /// Takes the next bytes.
  ///
  /// - Parameters:
  ///   - found: gets each key, with its value where wanted
  ///   - library: gets each library of functions as it stands
  mutating func take(
    _ bytes: UnsafeRawBufferPointer, found: (Entry) throws(Failure) -> Void,
    library: ([UInt8]) throws(Failure) -> Void
  ) throws(Failure) {
    if isLost || isAtEnd { return }
    pending.append(contentsOf: bytes)
    var position = 0
    while !isLost, !isAtEnd, let task = tasks.popLast() {
      guard try step(task, &position, found, library) else { break }
    }
    pending.removeFirst(position)
  }

  /// Does one task; false where its bytes have not come yet.
  private mutating func step(
    _ task: Task, _ position: inout Int, _ found: (Entry) throws(Failure) -> Void,
    _ library: ([UInt8]) throws(Failure) -> Void
  ) throws(Failure) -> Bool {
    let start = position
    switch task {
    case .skip(let count):
      let there = min(count, UInt64(pending.count - position))
      consume(Int(there), &position)
      if there < count { tasks.append(.skip(count - there)) }
      return there == count
    case .entryEnds:
      try found(entry)
      entry = Entry(database: entry.database)
      isCapturing = false
    case .functionEnds:
      try library(entry.value)
      entry.value = []
      isCapturing = false
    case .valueBegins: isCapturing = wantsValues
    case .times(let count, let parts):
      if count > 1 { tasks.append(.times(count - 1, parts)) }
      if count > 0 { tasks.append(contentsOf: parts.reversed()) }
    default:
      guard small(task, &position) else {
        position = start
        tasks.append(task)
        return false
      }
    }
    return true
  }

  private mutating func consume(_ count: Int, _ position: inout Int) {
    if isCapturing { entry.value.append(contentsOf: pending[position..<(position + count)]) }
    position += count
  }

  /// Tasks whose own bytes are few: done whole or not at all.
  private mutating func small(_ task: Task, _ position: inout Int) -> Bool {
    var cursor = position
    guard let next = read(task, &cursor) else { return false }
    if isCapturing { entry.value.append(contentsOf: pending[position..<cursor]) }
    position = cursor
    tasks.append(contentsOf: next.reversed())
    return true
  }

  /// What follows from a task; nil where bytes are missing.
  private mutating func read(_ task: Task, _ cursor: inout Int) -> [Task]? {
    switch task {
    case .header:
      guard let bytes = bytes(9, &cursor) else { return nil }
      version = Int(String(decoding: bytes[5...], as: UTF8.self)) ?? 0
      if !bytes.starts(with: Array("REDIS".utf8)) || version < 1 || version > 12 { isLost = true }
      return [.opcode]
    case .opcode: return byte(&cursor).map { after($0) }
    case .length: return length(&cursor).map { _ in [] }
    case .counted(let parts): return length(&cursor).map { [.times($0.value, parts)] }
    case .string: return string(&cursor)
    case .key:
      guard let key = RDBString.read(pending, &cursor) else { return nil }
      entry.key = key
      return []
    case .textDouble: return byte(&cursor).map { $0 >= 253 ? [] : [.skip(UInt64($0))] }
    case .module: return length(&cursor).map { afterModule($0.value) }
    case .selectDatabase:
      guard let number = length(&cursor) else { return nil }
      entry.database = Int(clamping: number.value)
      return [.opcode]
    case .expireSeconds:
      guard let bytes = bytes(4, &cursor) else { return nil }
      entry.expires = RDBParser.number(bytes) * 1000
      return [.opcode]
    case .expireMilliseconds:
      guard let bytes = bytes(8, &cursor) else { return nil }
      entry.expires = RDBParser.number(bytes)
      return [.opcode]
    case .end:
      guard version < 5 || bytes(8, &cursor) != nil else { return nil }
      isAtEnd = true
      return []
    case .skip, .times, .entryEnds, .functionEnds, .valueBegins: return []
    }
  }

  private mutating func after(_ code: UInt8) -> [Task] {
    switch code {
    case 0xff: return [.end]
    case 0xfe: return [.selectDatabase]
    case 0xfd: return [.expireSeconds]
    case 0xfc: return [.expireMilliseconds]
    case 0xfb: return [.length, .length, .opcode]
    case 0xfa: return [.string, .string, .opcode]
    case 0xf9: return [.skip(1), .opcode]
    case 0xf8: return [.length, .opcode]
    case 0xf7: return [.length, .length, .length, .module, .opcode]
    case 0xf5: return [.valueBegins, .string, .functionEnds, .opcode]
    default:
      guard let value = RDBParser.value(code) else {
        isLost = true
        return []
      }
      entry.type = code
      return [.key, .valueBegins] + value + [.entryEnds, .opcode]
    }
  }

  private mutating func afterModule(_ code: UInt64) -> [Task] {
    switch code {
    case 0: return []
    case 1, 2: return [.length, .module]
    case 3: return [.skip(4), .module]
    case 4: return [.skip(8), .module]
    case 5: return [.string, .module]
    default:
      isLost = true
      return []
    }
  }

  /// What a value of a type consists of.
  private static func value(_ type: UInt8) -> [Task]? {
    switch type {
    case 0, 9...13, 16, 17, 20: [.string]
    case 1, 2, 14: [.counted([.string])]
    case 3: [.counted([.string, .textDouble])]
    case 4: [.counted([.string, .string])]
    case 5: [.counted([.string, .skip(8)])]
    case 7: [.length, .module]
    case 18: [.counted([.length, .string])]
    case 15, 19, 21: stream(type)
    default: nil
    }
  }

  private static func stream(_ type: UInt8) -> [Task] {
    let later = type >= 19
    let waiting: [Task] = [.counted([.skip(24), .length])]
    let consumer: [Task] = [.string, .skip(type >= 21 ? 16 : 8), .counted([.skip(16)])]
    let group: [Task] = [.string, .length, .length] + (later ? [.length] : []) + waiting + [.counted(consumer)]
    let more: [Task] = later ? [.length, .length, .length, .length, .length] : []
    return [.counted([.string, .string]), .length, .length, .length] + more + [.counted(group)]
  }

  private func string(_ cursor: inout Int) -> [Task]? {
    guard let length = length(&cursor) else { return nil }
    guard length.isEncoded else { return [.skip(length.value)] }
    switch length.value {
    case 0: return [.skip(1)]
    case 1: return [.skip(2)]
    case 2: return [.skip(4)]
    default:
      guard let packed = self.length(&cursor), self.length(&cursor) != nil else { return nil }
      return [.skip(packed.value)]
    }
  }

  private func length(_ cursor: inout Int) -> RDBString.Length? { RDBString.length(pending, &cursor) }

  private func byte(_ cursor: inout Int) -> UInt8? { bytes(1, &cursor)?.first }

  private func bytes(_ count: Int, _ cursor: inout Int) -> [UInt8]? {
    guard pending.count - cursor >= count else { return nil }
    defer { cursor += count }
    return Array(pending[cursor..<(cursor + count)])
  }

  private static func number(_ bytes: [UInt8]) -> UInt64 { bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) } }
}
